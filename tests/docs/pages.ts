import { join, relative } from "@std/path";
import { PROJECT } from "../support/service_process.ts";
import { type Page, parsePage } from "./page.ts";

/** Pages beside those of docs/. */
const OTHERS = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/** Reads every page of the documentation. */
export async function readPages(): Promise<Page[]> {
  const paths = [...OTHERS];
  for await (const { name } of Deno.readDir(join(PROJECT, "docs"))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  return await Promise.all(
    paths.toSorted().map(async (path) => parsePage(path, await Deno.readTextFile(join(PROJECT, path)))),
  );
}

/** The path of a page's link, relative to the project. */
export function resolveLink(page: Page, target: string): string {
  return relative(PROJECT, join(PROJECT, page.path, "..", target)) || ".";
}

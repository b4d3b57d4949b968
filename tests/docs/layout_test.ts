import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { PROJECT } from "../support/service_process.ts";

/** The folders below a directory of the project. */
async function foldersOf(path: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(PROJECT, path)));
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).toSorted();
}

/** The folders that the picture of the layout draws with this line before them. */
function drawn(picture: string, branch: string): string[] {
  return [...picture.matchAll(new RegExp(`^${branch}([a-z_]+)/`, "gm"))].map(([, name = ""]) => name).toSorted();
}

Deno.test("docs/architecture.md draws every folder of the source", async () => {
  const picture = await Deno.readTextFile(join(PROJECT, "docs/architecture.md"));
  assertEquals(drawn(picture, "[├└]── "), await foldersOf("src"));
  assertEquals(drawn(picture, "│   [├└]── "), await foldersOf("src/runtimes"));
});

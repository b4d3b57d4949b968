import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "@std/path";
import project from "../../deno.json" with { type: "json" };
import { SUBCOMMANDS } from "../../src/cli/subcommands.ts";
import { PROJECT } from "../support/service_process.ts";
import { anchorsOf, examplesOf, linksOf } from "./page.ts";
import { readPages, resolveLink } from "./pages.ts";
import { readRequest } from "./requests.ts";

const MAX_README_LINES = 200;
/** Most blocks of all pages that no test runs. */
const MAX_NOT_RUN = 14;

const pages = await readPages();
const blocks = pages.flatMap((page) => examplesOf(page).others.map((block) => ({ ...block, path: page.path })));

Deno.test("every link within the pages leads to a file and a heading that there are", () => {
  const broken = pages.flatMap((page) =>
    linksOf(page).filter((target) => !/^[a-z]+:/.test(target)).flatMap((target) => {
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? page.path : resolveLink(page, file);
      const linked = pages.find((other) => other.path === path);
      const isThere = existsSync(join(PROJECT, path)) &&
        (anchor === undefined || (linked !== undefined && anchorsOf(linked).includes(anchor)));
      return isThere ? [] : [`${page.path}: ${target}`];
    })
  );
  assertEquals(broken, []);
});

Deno.test("the README is short and links to every page", () => {
  const readme = pages.find(({ path }) => path === "README.md");
  assert(readme !== undefined);
  assert(readme.text.split("\n").length - 1 <= MAX_README_LINES, "The README is too long");
  const linked = linksOf(readme).map((target) => resolveLink(readme, target));
  assertEquals(pages.map(({ path }) => path).filter((path) => path !== "README.md" && !linked.includes(path)), []);
});

Deno.test("every block of a page is run, is read as the service reads it, or says why not", () => {
  const faults = blocks.filter(({ notRun }) => notRun === undefined).flatMap((block) => {
    const { checkedBy, language, line, path, text } = block;
    if (checkedBy !== undefined && existsSync(join(PROJECT, checkedBy))) return [];
    if (language !== "jsonc") return [`${path}:${line}: a block of ${language || "no language"} that is not run`];
    try {
      readRequest({ text });
      return [];
    } catch (error) {
      return [`${path}:${line}: ${error instanceof Error ? error.message : error}`];
    }
  });
  assertEquals(faults, []);
});

const notRun = blocks.filter((block) => block.notRun !== undefined);
for (const { notRun: reason, path } of notRun) {
  Deno.test({ name: `[docs] not run in ${path}: ${reason}`, ignore: true, fn: () => {} });
}
Deno.test(`at most ${MAX_NOT_RUN} blocks are not run`, () => {
  assert(notRun.length <= MAX_NOT_RUN, `${notRun.length} blocks are not run`);
});

Deno.test("every task that a page names is one of the project", () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/deno@2\.9\.6 task (?:--quiet )?([\w:]+)/g)].map(([, task = ""]) => ({ path, task }))
  );
  assert(named.length > 0);
  assertEquals(named.filter(({ task }) => !Object.hasOwn(project.tasks, task)), []);
});

Deno.test("every command of codebeaker that a page names is one of its own", () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/(?<=[`"] ?|npx | -- )codebeaker ([a-z]+)/g)].map(([, command = ""]) => ({ path, command }))
  );
  assert(named.length > 20, "The pages have lost their commands");
  const known = SUBCOMMANDS.map(({ name }) => name);
  assertEquals(named.filter(({ command }) => !known.includes(command)), []);
});

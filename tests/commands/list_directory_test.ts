import { assertEquals, assertMatch } from "@std/assert";
import type { FileEntry } from "../../src/core/files.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { ask, type Asked, assertFieldsRefused, assertRefused } from "./ask.ts";

const FILES = {
  "top.txt": "12345",
  "src/main.ts": "",
  "src/deep/er/util.ts": "",
  "src/deep/notes.txt": "",
  ".hidden": "",
  ".git/config.txt": "",
  "src/.env.ts": "",
};

async function tree(environment: FakeEnvironment, fields: Asked = {}): Promise<FileEntry> {
  const answer = await ask(environment, { type: "list_directory", ...fields }) as { readonly tree: FileEntry };
  assertEquals(Object.keys(answer), ["tree"]);
  return answer.tree;
}

function paths({ children = [] }: FileEntry): string[] {
  return children.flatMap((entry) => [entry.path, ...paths(entry)]);
}

/** Asserts the paths that each set of fields lists. */
async function assertListed(table: readonly (readonly [fields: Asked, paths: readonly string[]])[]): Promise<void> {
  await using environment = await FakeEnvironment.create();
  await environment.fill(FILES);
  for (const [fields, expected] of table) {
    assertEquals([fields, paths(await tree(environment, fields))], [fields, [...expected]]);
  }
}

const EVERYTHING = [
  ...["src", "src/deep", "src/deep/er", "src/deep/er/util.ts", "src/deep/notes.txt"],
  ...["src/main.ts", "top.txt"],
];
const HIDDEN_TOO = [".git", ".git/config.txt", ".hidden", "src", "src/.env.ts", ...EVERYTHING.slice(1)];

Deno.test("list_directory shows the whole workspace but what is hidden, unless told otherwise", () =>
  assertListed([[{}, EVERYTHING], [{ path: "/workspace" }, EVERYTHING]]));

Deno.test("list_directory tells of each entry its name, path, type, size and time", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "12345" });
  await Deno.symlink("file", environment.hostPath("d/link"));
  await Deno.utime(environment.hostPath("d/file"), 1_000, 1_000);
  const { children, modifiedAt, ...top } = await tree(environment, { path: "d" });
  assertEquals(top, { name: "d", path: "d", type: "directory", size: 0 });
  assertMatch(modifiedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const [file, link] = children ?? [];
  assertEquals(file, {
    name: "file",
    path: "d/file",
    type: "file",
    size: 5,
    modifiedAt: "1970-01-01T00:16:40.000Z",
  });
  assertEquals([link?.name, link?.path, link?.type, link?.size, link?.children], [
    "link",
    "d/link",
    "symlink",
    0,
    undefined,
  ]);
  assertEquals(children?.length, 2);
});

Deno.test("list_directory lists path and nothing beside it", () =>
  assertListed([
    [{ path: "src/deep" }, ["src/deep/er", "src/deep/er/util.ts", "src/deep/notes.txt"]],
    [{ path: "/workspace/src//deep/er/" }, ["src/deep/er/util.ts"]],
    [{ path: ".git" }, [".git/config.txt"]],
  ]));

Deno.test("list_directory shows one level when recursive is false, whatever maxDepth says", () =>
  assertListed([
    [{ recursive: false }, ["src", "top.txt"]],
    [{ recursive: false, maxDepth: 3 }, ["src", "top.txt"]],
    [{ recursive: false, path: "src" }, ["src/deep", "src/main.ts"]],
    [{ recursive: true }, EVERYTHING],
  ]));

Deno.test("list_directory shows maxDepth levels, 0 being all", () =>
  assertListed([
    [{ maxDepth: 0 }, EVERYTHING],
    [{ maxDepth: 1 }, ["src", "top.txt"]],
    [{ maxDepth: 2 }, ["src", "src/deep", "src/main.ts", "top.txt"]],
    [{ maxDepth: 3, path: "src" }, [
      "src/deep",
      "src/deep/er",
      "src/deep/er/util.ts",
      "src/deep/notes.txt",
      "src/main.ts",
    ]],
    [{ maxDepth: 99 }, EVERYTHING],
  ]));

Deno.test("list_directory shows what is hidden with includeHidden, at every level", () =>
  assertListed([[{ includeHidden: false }, EVERYTHING], [{ includeHidden: true }, HIDDEN_TOO]]));

Deno.test("list_directory keeps what a pattern of names matches, and the directories on the way", () =>
  assertListed([
    [{ pattern: "*.ts" }, ["src", "src/deep", "src/deep/er", "src/deep/er/util.ts", "src/main.ts"]],
    [{ pattern: "top.tx?" }, ["top.txt"]],
    [{ pattern: "deep" }, ["src", "src/deep"]],
    [{ pattern: "*.txt", path: "src" }, ["src/deep", "src/deep/notes.txt"]],
    [{ pattern: "*.TS" }, []],
    [{ pattern: "ma" }, []],
    [{ pattern: "*" }, EVERYTHING],
  ]));

Deno.test("list_directory matches a pattern with a slash against paths from the directory", () =>
  assertListed([
    [{ pattern: "src/*.ts" }, ["src", "src/main.ts"]],
    [{ pattern: "**/*.ts" }, ["src", "src/deep", "src/deep/er", "src/deep/er/util.ts", "src/main.ts"]],
    [{ pattern: "deep/*.txt" }, []],
    [{ pattern: "deep/*.txt", path: "src" }, ["src/deep", "src/deep/notes.txt"]],
    [{ pattern: "src/*.ts", path: "src" }, []],
  ]));

Deno.test("list_directory finds what is hidden by a pattern only with includeHidden, and heeds maxDepth", () =>
  assertListed([
    [{ pattern: ".*" }, []],
    [{ pattern: ".*", includeHidden: true }, [".git", ".hidden", "src", "src/.env.ts"]],
    [{ pattern: "*.ts", maxDepth: 2 }, ["src", "src/main.ts"]],
  ]));

Deno.test("list_directory keeps an empty directory when there is no pattern, with no children in it", async () => {
  await using environment = await FakeEnvironment.create();
  await Deno.mkdir(environment.hostPath("empty"));
  assertEquals((await tree(environment)).children?.map(({ path, children }) => [path, children]), [["empty", []]]);
  assertEquals((await tree(environment, { pattern: "*.ts" })).children, []);
  assertEquals((await tree(environment, { path: "empty" })).children, []);
});

Deno.test("list_directory follows no symlink out, and refuses what is missing or no directory", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill(FILES);
  await Deno.symlink("/etc", environment.hostPath("escape"));
  const table = [
    ["nope", "not_found"],
    ["top.txt", "invalid_request"],
    ["..", "permission_denied"],
    ["/etc", "permission_denied"],
    ["escape", "permission_denied"],
  ] as const;
  for (const [path, code] of table) {
    await assertRefused(environment, { command: { type: "list_directory", path }, code });
  }
  assertEquals(paths(await tree(environment)), ["escape", ...EVERYTHING]);
});

Deno.test("list_directory refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await assertFieldsRefused(environment, {
    base: { type: "list_directory" },
    table: [
      [{ path: 1 }, "path"],
      [{ recursive: "false" }, "recursive"],
      [{ pattern: "" }, "pattern"],
      [{ pattern: "x".repeat(257) }, "pattern"],
      [{ includeHidden: 1 }, "includeHidden"],
      [{ maxDepth: -1 }, "maxDepth"],
      [{ maxDepth: 1.5 }, "maxDepth"],
      [{ depth: 1 }, "depth"],
    ],
  });
});

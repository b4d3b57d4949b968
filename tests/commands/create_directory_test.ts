import { assertEquals } from "@std/assert";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { ask, assertFieldsRefused, assertRefused } from "./ask.ts";

const BASE = { type: "create_directory", path: "d" };

Deno.test("create_directory makes the directories above it too, unless recursive is false", async () => {
  await using environment = await FakeEnvironment.create();
  assertEquals(await ask(environment, { ...BASE, path: "/workspace/a/./b/" }), { path: "a/b" });
  assertEquals(await ask(environment, { ...BASE, path: "c/d", recursive: true }), { path: "c/d" });
  assertEquals(await environment.paths(), ["a/", "a/b/", "c/", "c/d/"]);
  await assertRefused(environment, { command: { ...BASE, path: "e/f", recursive: false }, code: "not_found" });
  assertEquals(await environment.paths(), ["a/", "a/b/", "c/", "c/d/"]);
});

Deno.test("create_directory makes one directory when recursive is false", async () => {
  await using environment = await FakeEnvironment.create();
  assertEquals(await ask(environment, { ...BASE, recursive: false }), { path: "d" });
  assertEquals(await ask(environment, { ...BASE, path: "d/e", recursive: false }), { path: "d/e" });
  assertEquals(await environment.paths(), ["d/", "d/e/"]);
});

Deno.test("create_directory leaves a directory that exists as it is; with recursive false that is a conflict", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "kept" });
  assertEquals(await ask(environment, BASE), { path: "d" });
  await assertRefused(environment, { command: { ...BASE, recursive: false }, code: "conflict" });
  assertEquals(await Deno.readTextFile(environment.hostPath("d/file")), "kept");
});

Deno.test("create_directory never replaces a file and never leaves the workspace", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "file": "kept" });
  await Deno.symlink("/tmp", environment.hostPath("escape"));
  const table = [
    ["file", "conflict"],
    ["file/d", "invalid_request"],
    ["../d", "permission_denied"],
    ["/tmp/d", "permission_denied"],
    ["escape/codebeaker-d", "permission_denied"],
  ] as const;
  for (const [path, code] of table) await assertRefused(environment, { command: { ...BASE, path }, code });
  assertEquals(await environment.paths(), ["escape", "file"]);
  assertEquals(await Deno.readTextFile(environment.hostPath("file")), "kept");
});

Deno.test("create_directory refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await assertFieldsRefused(environment, {
    base: BASE,
    table: [
      [{ path: undefined }, "path"],
      [{ path: "" }, "path"],
      [{ recursive: "true" }, "recursive"],
      [{ mode: 0o777 }, "mode"],
    ],
  });
  assertEquals(await environment.paths(), []);
});

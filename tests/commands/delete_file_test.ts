import { assertEquals } from "@std/assert";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { ask, assertFieldsRefused, assertRefused } from "./ask.ts";

const BASE = { type: "delete_file", path: "d" };

Deno.test("delete_file deletes a file or an empty directory", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/a.txt": "text", "kept": "" });
  assertEquals(await ask(environment, { ...BASE, path: "/workspace/d//a.txt" }), { path: "d/a.txt" });
  assertEquals(await environment.paths(), ["d/", "kept"]);
  assertEquals(await ask(environment, BASE), { path: "d" });
  assertEquals(await environment.paths(), ["kept"]);
});

Deno.test("delete_file keeps a directory that is not empty, unless recursive is true", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/e/file": "text", "kept": "" });
  for (const fields of [{}, { recursive: false }]) {
    await assertRefused(environment, { command: { ...BASE, ...fields }, code: "conflict" });
    assertEquals(await environment.paths(), ["d/", "d/e/", "d/e/file", "kept"]);
  }
  assertEquals(await ask(environment, { ...BASE, recursive: true }), { path: "d" });
  assertEquals(await environment.paths(), ["kept"]);
});

Deno.test("delete_file deletes a file with recursive too", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "" });
  await ask(environment, { ...BASE, path: "d/file", recursive: true });
  assertEquals(await environment.paths(), ["d/"]);
});

Deno.test("delete_file deletes a symlink and not what it points to", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "" });
  for (const recursive of [false, true]) {
    await Deno.symlink("d", environment.hostPath("link"));
    await ask(environment, { ...BASE, path: "link", recursive });
    assertEquals(await environment.paths(), ["d/", "d/file"]);
  }
});

Deno.test("delete_file refuses what is missing, the workspace, and a path that leaves it", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "" });
  const table = [
    ["nope", "not_found"],
    ["nope/deeper", "not_found"],
    [".", "invalid_request"],
    ["/workspace", "invalid_request"],
    ["..", "permission_denied"],
    ["/tmp", "permission_denied"],
  ] as const;
  for (const [path, code] of table) {
    for (const recursive of [false, true]) {
      await assertRefused(environment, { command: { ...BASE, path, recursive }, code });
    }
  }
  assertEquals(await environment.paths(), ["d/", "d/file"]);
});

Deno.test("delete_file refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "" });
  await assertFieldsRefused(environment, {
    base: { ...BASE, recursive: true },
    table: [
      [{ path: undefined }, "path"],
      [{ path: "" }, "path"],
      [{ recursive: 1 }, "recursive"],
      [{ force: true }, "force"],
    ],
  });
  assertEquals(await environment.paths(), ["d/", "d/file"]);
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { ask, assertFieldsRefused, assertRefused } from "./ask.ts";

const BASE = { type: "write_file", path: "a.txt", content: "new" };

Deno.test("write_file makes a file and the directories above it, and counts bytes", async () => {
  await using environment = await FakeEnvironment.create();
  const answer = await ask(environment, { type: "write_file", path: "/workspace/d/./e//a.txt", content: "grüße" });
  assertEquals(answer, { path: "d/e/a.txt", bytes: 7 });
  assertEquals(await Deno.readTextFile(environment.hostPath("d/e/a.txt")), "grüße");
  assertEquals(await environment.paths(), ["d/", "d/e/", "d/e/a.txt"]);
});

Deno.test("write_file takes content as utf8 unless told base64", async () => {
  await using environment = await FakeEnvironment.create();
  const table: [Record<string, string>, number[]][] = [
    [{}, [97, 71, 107, 61]],
    [{ encoding: "utf8" }, [97, 71, 107, 61]],
    [{ encoding: "base64" }, [104, 105]],
    [{ encoding: "base64", content: "/wA=" }, [255, 0]],
    [{ content: "" }, []],
    [{ content: "\ufeffx" }, [239, 187, 191, 120]],
  ];
  for (const [fields, bytes] of table) {
    const answer = await ask(environment, { ...BASE, content: "aGk=", ...fields });
    assertEquals([fields, answer], [fields, { path: "a.txt", bytes: bytes.length }]);
    assertEquals([...await Deno.readFile(environment.hostPath("a.txt"))], bytes);
  }
});

Deno.test("write_file does with a file that is there what its mode says, Create when it says none", async () => {
  await using environment = await FakeEnvironment.create();
  const table = [[{}, "new"], [{ mode: "Create" }, "new"], [{ mode: "Overwrite" }, "new"], [
    { mode: "Append" },
    "older new",
  ]] as const;
  for (const [fields, expected] of table) {
    await environment.fill({ "a.txt": "older " });
    assertEquals(await ask(environment, { ...BASE, ...fields }), { path: "a.txt", bytes: 3 });
    assertEquals([fields, await Deno.readTextFile(environment.hostPath("a.txt"))], [fields, expected]);
  }
});

Deno.test("write_file CreateNew is a conflict with a file that is there, and leaves it", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "older" });
  await assertRefused(environment, { command: { ...BASE, mode: "CreateNew" }, code: "conflict" });
  assertEquals(await Deno.readTextFile(environment.hostPath("a.txt")), "older");
});

Deno.test("write_file makes a file that is not there in every mode", async () => {
  await using environment = await FakeEnvironment.create();
  for (const mode of ["Create", "Overwrite", "Append", "CreateNew"]) {
    assertEquals(await ask(environment, { ...BASE, path: mode, mode }), { path: mode, bytes: 3 });
    assertEquals(await Deno.readTextFile(environment.hostPath(mode)), "new");
  }
});

Deno.test("write_file refuses base64 that is none, and leaves the file", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "older" });
  const command = { ...BASE, content: "a*b", encoding: "base64" };
  await assertRefused(environment, { command, code: "invalid_request", field: "content" });
  assertEquals(await Deno.readTextFile(environment.hostPath("a.txt")), "older");
});

Deno.test("write_file takes a mode in any case, and tells the nearest to one that is none", async () => {
  await using environment = await FakeEnvironment.create();
  for (const mode of ["append", "APPEND", "createnew"]) {
    assertEquals(await ask(environment, { ...BASE, path: mode, mode }), { path: mode, bytes: 3 });
  }
  await assertRefused(environment, { command: { ...BASE, path: "append", mode: "createNew" }, code: "conflict" });
  const error = await assertRefused(environment, {
    command: { ...BASE, mode: "apend" },
    code: "invalid_request",
    field: "mode",
  });
  assertStringIncludes(error.message, 'did you mean "Append"?');
});

Deno.test("write_file refuses a path that is a directory, runs through a file, or leaves the workspace", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/file": "kept" });
  await Deno.symlink("/tmp", environment.hostPath("escape"));
  const table = [
    ["d", "invalid_request"],
    [".", "invalid_request"],
    ["d/file/x", "invalid_request"],
    ["../x", "permission_denied"],
    ["/etc/x", "permission_denied"],
    ["a\0b", "permission_denied"],
    ["escape/codebeaker-x", "permission_denied"],
  ] as const;
  for (const [path, code] of table) await assertRefused(environment, { command: { ...BASE, path }, code });
  assertEquals(await environment.paths(), ["d/", "d/file", "escape"]);
});

Deno.test("write_file refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await assertFieldsRefused(environment, {
    base: BASE,
    table: [
      [{ path: undefined }, "path"],
      [{ path: "" }, "path"],
      [{ content: undefined }, "content"],
      [{ content: null }, "content"],
      [{ encoding: "latin1" }, "encoding"],
      [{ mode: "Truncate" }, "mode"],
      [{ overwrite: true }, "overwrite"],
    ],
  });
  assertEquals(await environment.paths(), []);
});

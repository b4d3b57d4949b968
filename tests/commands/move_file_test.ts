import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { ask, assertFieldsRefused, assertRefused } from "./ask.ts";

const BASE = { type: "move_file", source: "a.txt", destination: "b.txt" };

Deno.test("move_file renames a file and makes the directories above its new name", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  const answer = await ask(environment, { ...BASE, source: "/workspace/a.txt", destination: "d/./e/b.txt" });
  assertEquals(answer, { source: "a.txt", destination: "d/e/b.txt" });
  assertEquals(await environment.paths(), ["d/", "d/e/", "d/e/b.txt"]);
  assertEquals(await Deno.readTextFile(environment.hostPath("d/e/b.txt")), "text");
});

Deno.test("move_file takes sourcePath and destinationPath", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  const command = { type: "move_file", sourcePath: "a.txt", destinationPath: "b.txt" };
  assertEquals(await ask(environment, command), { source: "a.txt", destination: "b.txt" });
  assertEquals(await environment.paths(), ["b.txt"]);
});

Deno.test("move_file renames a directory with everything in it", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/one": "1", "d/e/two": "2" });
  await ask(environment, { ...BASE, source: "d", destination: "f/g" });
  assertEquals(await environment.paths(), ["f/", "f/g/", "f/g/e/", "f/g/e/two", "f/g/one"]);
});

Deno.test("move_file replaces a file that is there, unless overwrite is false", async () => {
  await using environment = await FakeEnvironment.create();
  for (const fields of [{}, { overwrite: true }]) {
    await environment.fill({ "a.txt": "text", "b.txt": "older and longer" });
    await ask(environment, { ...BASE, ...fields });
    assertEquals([fields, await environment.paths()], [fields, ["b.txt"]]);
    assertEquals(await Deno.readTextFile(environment.hostPath("b.txt")), "text");
  }
  await environment.fill({ "a.txt": "text", "b.txt": "older" });
  await assertRefused(environment, { command: { ...BASE, overwrite: false }, code: "conflict" });
  assertEquals(await Deno.readTextFile(environment.hostPath("a.txt")), "text");
  assertEquals(await Deno.readTextFile(environment.hostPath("b.txt")), "older");
});

Deno.test("move_file with overwrite false moves to where nothing is", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  await ask(environment, { ...BASE, overwrite: false });
  assertEquals(await environment.paths(), ["b.txt"]);
});

Deno.test("move_file onto itself leaves the file intact", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  await ask(environment, { ...BASE, destination: "/workspace/a.txt" });
  assertEquals(await environment.paths(), ["a.txt"]);
  assertEquals(await Deno.readTextFile(environment.hostPath("a.txt")), "text");
});

Deno.test("move_file moves a symlink and not what it points to", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  await Deno.symlink("a.txt", environment.hostPath("link"));
  await ask(environment, { ...BASE, source: "link" });
  assertEquals(await environment.paths(), ["a.txt", "b.txt"]);
  assertEquals(await Deno.readLink(environment.hostPath("b.txt")), "a.txt");
});

Deno.test("move_file of a missing source is not_found, names the source and makes nothing", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "b.txt": "older", "d/file": "" });
  for (const source of ["nope", "d/nope", "nope/deeper"]) {
    for (const destination of ["b.txt", "new", "new/deep/er"]) {
      const error = await assertRefused(environment, { command: { ...BASE, source, destination }, code: "not_found" });
      assertStringIncludes(error.message, JSON.stringify(source));
    }
  }
  assertEquals(await environment.paths(), ["b.txt", "d/", "d/file"]);
  assertEquals(await Deno.readTextFile(environment.hostPath("b.txt")), "older");
});

Deno.test("move_file moves neither the workspace, nor over it, nor a directory into itself or over a full one", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/one": "1", "e/two": "2" });
  const table = [
    [{ source: ".", destination: "x" }, "invalid_request"],
    [{ source: "d", destination: "." }, "invalid_request"],
    [{ source: "d", destination: "d/below" }, "invalid_request"],
    [{ source: "d", destination: "e" }, "conflict"],
  ] as const;
  for (const [fields, code] of table) await assertRefused(environment, { command: { ...BASE, ...fields }, code });
  assertEquals(await environment.paths(), ["d/", "d/one", "e/", "e/two"]);
});

Deno.test("move_file refuses a path that leaves the workspace, at either end, by its field's name", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  for (const outside of ["../x", "/etc/passwd", "a\0b"]) {
    for (const field of ["source", "destination"]) {
      await assertRefused(environment, { command: { ...BASE, [field]: outside }, code: "permission_denied", field });
    }
  }
  assertEquals(await environment.paths(), ["a.txt"]);
});

Deno.test("move_file refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  await assertFieldsRefused(environment, {
    base: BASE,
    table: [
      [{ source: undefined }, "source"],
      [{ source: "" }, "source"],
      [{ destination: undefined }, "destination"],
      [{ destination: "" }, "destination"],
      [{ overwrite: 0 }, "overwrite"],
      [{ recursive: true }, "recursive"],
    ],
  });
  assertEquals(await environment.paths(), ["a.txt"]);
});

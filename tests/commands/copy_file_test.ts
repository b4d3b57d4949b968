import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { ask, assertFieldsRefused, assertRefused } from "./ask.ts";

const BASE = { type: "copy_file", source: "a.txt", destination: "b.txt" };

async function read(environment: FakeEnvironment, ...paths: readonly string[]): Promise<string[]> {
  return await Promise.all(paths.map((path) => Deno.readTextFile(environment.hostPath(path))));
}

Deno.test("copy_file copies a file, makes the directories above, and leaves the source", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  const answer = await ask(environment, { ...BASE, source: "/workspace/a.txt", destination: "d/./e/b.txt" });
  assertEquals(answer, { source: "a.txt", destination: "d/e/b.txt" });
  assertEquals(await environment.paths(), ["a.txt", "d/", "d/e/", "d/e/b.txt"]);
  assertEquals(await read(environment, "a.txt", "d/e/b.txt"), ["text", "text"]);
});

Deno.test("copy_file takes sourcePath and destinationPath", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  const command = { type: "copy_file", sourcePath: "a.txt", destinationPath: "b.txt" };
  assertEquals(await ask(environment, command), { source: "a.txt", destination: "b.txt" });
  assertEquals(await read(environment, "a.txt", "b.txt"), ["text", "text"]);
});

Deno.test("copy_file copies a directory with everything in it", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/one": "1", "d/e/two": "2" });
  await Deno.mkdir(environment.hostPath("d/empty"));
  await ask(environment, { ...BASE, source: "d", destination: "f" });
  assertEquals(await environment.paths(), [
    ...["d/", "d/e/", "d/e/two", "d/empty/", "d/one"],
    ...["f/", "f/e/", "f/e/two", "f/empty/", "f/one"],
  ]);
  assertEquals(await read(environment, "f/one", "f/e/two", "d/one"), ["1", "2", "1"]);
});

Deno.test("copy_file replaces a file that is there, the longer one too, unless overwrite is false", async () => {
  await using environment = await FakeEnvironment.create();
  for (const fields of [{}, { overwrite: true }]) {
    await environment.fill({ "a.txt": "text", "b.txt": "older and longer" });
    await ask(environment, { ...BASE, ...fields });
    assertEquals([fields, ...await read(environment, "a.txt", "b.txt")], [fields, "text", "text"]);
  }
  await environment.fill({ "a.txt": "text", "b.txt": "older" });
  await assertRefused(environment, { command: { ...BASE, overwrite: false }, code: "conflict" });
  assertEquals(await read(environment, "a.txt", "b.txt"), ["text", "older"]);
});

Deno.test("copy_file with overwrite false copies to where nothing is, and into no directory that is there", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text", "d/one": "1", "e/two": "2" });
  await ask(environment, { ...BASE, overwrite: false });
  assertEquals(await read(environment, "b.txt"), ["text"]);
  const command = { ...BASE, source: "d", destination: "e", overwrite: false };
  await assertRefused(environment, { command, code: "conflict" });
  assertEquals(await environment.paths(), ["a.txt", "b.txt", "d/", "d/one", "e/", "e/two"]);
});

Deno.test("copy_file onto itself, by whatever name, is a conflict and leaves the file intact", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text", "d/keep": "" });
  await Deno.symlink("a.txt", environment.hostPath("symbolic"));
  await Deno.symlink("../a.txt", environment.hostPath("d/up"));
  await Deno.link(environment.hostPath("a.txt"), environment.hostPath("hard"));
  for (const destination of ["a.txt", "./a.txt", "/workspace/a.txt", "symbolic", "d/up", "hard"]) {
    for (const overwrite of [true, false]) {
      await assertRefused(environment, { command: { ...BASE, destination, overwrite }, code: "conflict" });
      assertEquals([destination, ...await read(environment, "a.txt")], [destination, "text"]);
    }
  }
  await assertRefused(environment, {
    command: { ...BASE, source: "symbolic", destination: "a.txt" },
    code: "conflict",
  });
  assertEquals(await read(environment, "a.txt", "hard"), ["text", "text"]);
  assertEquals(await environment.paths(), ["a.txt", "d/", "d/keep", "d/up", "hard", "symbolic"]);
});

Deno.test("copy_file of a directory onto itself or below itself is a conflict and leaves it intact", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "d/one": "1" });
  await Deno.symlink("d", environment.hostPath("link"));
  for (const destination of ["d", "d/below", "link", "link/below"]) {
    await assertRefused(environment, { command: { ...BASE, source: "d", destination }, code: "conflict" });
  }
  assertEquals(await environment.paths(), ["d/", "d/one", "link"]);
  assertEquals(await read(environment, "d/one"), ["1"]);
});

Deno.test("copy_file of a missing source is not_found, names the source and makes nothing", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "b.txt": "older", "d/file": "" });
  for (const source of ["nope", "d/nope", "nope/deeper"]) {
    for (const destination of ["b.txt", "new", "new/deep/er"]) {
      const error = await assertRefused(environment, { command: { ...BASE, source, destination }, code: "not_found" });
      assertStringIncludes(error.message, JSON.stringify(source));
    }
  }
  assertEquals(await environment.paths(), ["b.txt", "d/", "d/file"]);
  assertEquals(await read(environment, "b.txt"), ["older"]);
});

Deno.test("copy_file refuses a path that leaves the workspace, at either end, by its field's name", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  await Deno.symlink("/etc/passwd", environment.hostPath("escape"));
  for (const outside of ["../x", "/etc/passwd", "a\0b"]) {
    for (const field of ["source", "destination"]) {
      await assertRefused(environment, { command: { ...BASE, [field]: outside }, code: "permission_denied", field });
    }
  }
  await assertRefused(environment, { command: { ...BASE, source: "escape" }, code: "permission_denied" });
  await assertRefused(environment, { command: { ...BASE, destination: "escape" }, code: "permission_denied" });
  assertEquals(await environment.paths(), ["a.txt", "escape"]);
});

Deno.test("copy_file refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a.txt": "text" });
  await assertFieldsRefused(environment, {
    base: BASE,
    table: [
      [{ source: undefined }, "source"],
      [{ source: "" }, "source"],
      [{ destination: undefined }, "destination"],
      [{ destination: "" }, "destination"],
      [{ overwrite: "false" }, "overwrite"],
      [{ recursive: true }, "recursive"],
    ],
  });
  assertEquals(await environment.paths(), ["a.txt"]);
});

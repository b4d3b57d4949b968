import { join } from "@std/path";
import { assert, assertEquals } from "@std/assert";
import { Scratch } from "../../src/system/scratch.ts";

async function namesIn(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).toSorted();
}

async function inTemporaryDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("Scratch is for its owner alone and leaves nothing behind", () =>
  inTemporaryDirectory(async (parent) => {
    const scratch = await Scratch.open(parent);
    assertEquals(((await Deno.stat(scratch.path)).mode ?? 0) & 0o777, 0o700);
    await Deno.mkdir(join(scratch.path, "a/b"), { recursive: true });
    await Deno.writeTextFile(join(scratch.path, "a/b/c"), "");
    await Deno.chmod(join(scratch.path, "a"), 0o500);
    await scratch[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
    assertEquals(await namesIn(parent), []);
  }));

Deno.test("Scratch removes what a dead process left, and nothing of a living one or of others", () =>
  inTemporaryDirectory(async (parent) => {
    await using living = await Scratch.open(parent);
    for (const name of ["codebeaker-dead", "other", "codebeaker-unlocked"]) await Deno.mkdir(join(parent, name));
    await Deno.writeTextFile(join(parent, "codebeaker-dead", "file"), "");
    await Deno.writeTextFile(join(parent, "codebeaker-dead.lock"), "");
    await using second = await Scratch.open(parent);
    const names = await namesIn(parent);
    for (const { path } of [living, second]) assert(names.includes(path.slice(parent.length + 1)));
    assertEquals(
      names.filter((name) => !name.includes("-") || name.startsWith("codebeaker-dead") || name.endsWith("unlocked")),
      ["codebeaker-unlocked", "other"],
    );
  }));

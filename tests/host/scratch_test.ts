import { join } from "@std/path";
import { assert, assertEquals } from "@std/assert";
import { Scratch } from "../../src/host/scratch.ts";

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

Deno.test("Scratch lets others pass and see nothing, and leaves nothing behind", () =>
  inTemporaryDirectory(async (parent) => {
    const scratch = await Scratch.open(parent);
    assertEquals(((await Deno.stat(scratch.path)).mode ?? 0) & 0o777, 0o711);
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

Deno.test("Scratch frees what no removal takes away: of a dead process's directory before it goes, and of its own", () =>
  inTemporaryDirectory(async (parent) => {
    const released = new Map<string, boolean>();
    const isThere = (path: string) =>
      Array.from(Deno.readDirSync(parent), ({ name }) => join(parent, name)).includes(path);
    const release = (path: string) => {
      released.set(path, isThere(path));
      return Promise.resolve(!path.endsWith("-busy"));
    };
    await Deno.mkdir(join(parent, "codebeaker-dead"));
    await Deno.writeTextFile(join(parent, "codebeaker-dead.lock"), "");
    await using living = await Scratch.open(parent);
    assertEquals(released.size, 0);
    const [later, busy] = ["later", "busy"].map((name) => join(parent, `codebeaker-${name}`));
    for (const path of [later, busy]) {
      await Deno.mkdir(path ?? "");
      await Deno.writeTextFile(`${path}.lock`, "");
    }
    const scratch = await Scratch.open(parent, { release });
    assertEquals([...released].toSorted(), [[busy, true], [later, true]]);
    assertEquals([later, busy, `${busy}.lock`].map((path) => isThere(path ?? "")), [false, true, true]);
    await scratch[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
    assertEquals([...released].slice(2), [[scratch.path, true]]);
    assert(isThere(living.path));
  }));

Deno.test("Scratch stays for the next one where what it was freed of does not go", () =>
  inTemporaryDirectory(async (parent) => {
    const scratch = await Scratch.open(parent, { release: () => Promise.resolve(false) });
    const name = scratch.path.slice(parent.length + 1);
    await scratch[Symbol.asyncDispose]();
    assertEquals(await namesIn(parent), [name, `${name}.lock`]);
    await using next = await Scratch.open(parent);
    assertEquals((await namesIn(parent)).filter((left) => left.startsWith(name)), []);
    assert(next.path !== scratch.path);
  }));

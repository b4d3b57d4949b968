import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { dirname, join } from "@std/path";
import { CodeBeakerError, hasCode } from "../../src/core/errors.ts";
import { Workspace } from "../../src/workspace/workspace.ts";
import { readTar } from "../support/tar.ts";
import { type GuardedDirectory, withGuardedDirectory } from "../support/guarded_directory.ts";

/** Something in a workspace before an operation: at a path, and for a symlink where it points. */
interface Item {
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  readonly target: string;
}

const NAMES = ["a", "b"];

/** Every path of these names that is at most three of them long. */
const PATHS = [1, 2, 3].flatMap((length) =>
  Array.from({ length: length - 1 }).reduce<string[]>(
    (paths) => paths.flatMap((path) => NAMES.map((name) => `${path}/${name}`)),
    NAMES,
  )
);

/** What many trees begin with, so that links lead somewhere. */
const BASE: readonly Item[] = [
  { path: "a", kind: "directory", target: "" },
  { path: "a/b", kind: "file", target: "" },
  { path: "b", kind: "symlink", target: "a" },
];
const path = fc.constantFrom(...PATHS);
const target = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...NAMES, "..", "."), { minLength: 1, maxLength: 4 }).map((parts) =>
      parts.join("/")
    ),
  },
  { weight: 1, arbitrary: path.map((inside) => `/workspace/${inside}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "/workspace",
      "/workspace/..",
      "../outside",
      "../outside/secret",
      "../../outside/secret",
      "../workspace/a",
      "/etc",
      "/",
      "/proc/self/root",
    ),
  },
);
const item: fc.Arbitrary<Item> = fc.record({
  path,
  kind: fc.constantFrom("file", "directory", "symlink", "symlink"),
  target,
});
const tree = fc.tuple(fc.subarray([...BASE]), fc.array(item, { minLength: 2, maxLength: 10 })).map((items) =>
  items.flat()
);

/** Plants what can be planted, without the help of a symlink. */
async function plant({ root, outside }: GuardedDirectory, items: readonly Item[]): Promise<void> {
  for (const { path, kind, target } of items) {
    const place = join(root, path);
    const isTaken = await Deno.lstat(place).then(() => true, () => false);
    if (isTaken || !await isOwnDirectory(root, dirname(path))) continue;
    if (kind === "file") await Deno.writeTextFile(place, path);
    else if (kind === "directory") await Deno.mkdir(place);
    else await Deno.symlink(target, place);
  }
  assertEquals(await Deno.readTextFile(join(outside, "secret")), "secret");
}

/** Whether a path is one of directories alone. */
async function isOwnDirectory(root: string, path: string): Promise<boolean> {
  const place = path === "." ? root : join(root, path);
  return await Deno.realPath(place).then((real) => real === place && Deno.statSync(real).isDirectory, () => false);
}

/** What an operation gives; it fails with nothing but errors of the wire contract. */
async function attempt<T>(operation: () => Promise<T>): Promise<T | CodeBeakerError> {
  try {
    return await operation();
  } catch (error) {
    assert(error instanceof CodeBeakerError, `${error}`);
    return error;
  }
}

/** Runs a property on workspaces with a tree in them, each beside a secret that nothing may reach. */
async function check(
  test: (bench: GuardedDirectory & { files: Workspace; path: string; other: string }) => Promise<void>,
) {
  await fc.assert(
    fc.asyncProperty(tree, path, path, async (items, path, other) => {
      await withGuardedDirectory(async (directory) => {
        await using files = new Workspace(directory.root, { asideDirectory: directory.parent });
        await plant(directory, items);
        await test({ ...directory, files, path, other });
      });
    }),
    { numRuns: 120 },
  );
}

Deno.test("Workspace reads through any symlinks only what the system says lies inside, and that very file", async () => {
  const seen = { read: 0, through: 0, refused: 0 };
  await check(async ({ files, root }) => {
    for (const path of PATHS) {
      const read = await attempt(async () => await new Response(await files.read(path)).text());
      if (hasCode(read, "permission_denied")) seen.refused++;
      if (typeof read !== "string") continue;
      seen.read++;
      assertEquals(await Deno.readTextFile(join(root, read)), read); // Each file says where it was planted.
      const real = await Deno.realPath(join(root, path)).catch(() => undefined); // The system knows no /workspace.
      if (real !== undefined) assertEquals(real, join(root, read));
      if (read !== path) seen.through++;
    }
  });
  assert(seen.read > 0 && seen.through > 0 && seen.refused > 0, JSON.stringify(seen));
});

Deno.test("Workspace writes, makes and appends through any symlinks only inside", () =>
  check(async ({ files, root, path }) => {
    const bytes = new TextEncoder().encode("written");
    const written = await attempt(() => files.write(path, bytes));
    if (written === undefined) assertEquals(await new Response(await files.read(path)).text(), "written");
    const real = await Deno.realPath(join(root, path)).catch(() => undefined);
    if (written === undefined && real !== undefined) assert(real.startsWith(`${root}/`), real);
    await attempt(() => files.write(path, bytes, "append"));
    await attempt(() => files.write(`${path}/new`, bytes, "create_new"));
    await attempt(() => files.createDirectory(`${path}/made/deep`));
  }));

Deno.test("Workspace copies, moves and deletes through any symlinks only inside", () =>
  check(async ({ files, path, other }) => {
    await attempt(() => files.copy(path, other));
    await attempt(() => files.move(other, path));
    await attempt(() => files.copy(`${path}/secret`, "stolen"));
    assertEquals(hasCode(await attempt(() => files.stat("stolen")), "not_found"), true);
    await attempt(() => files.delete(`${path}/secret`));
    await attempt(() => files.delete(path, { recursive: true }));
    await attempt(() => files.delete(other, { recursive: true }));
  }));

Deno.test("Workspace lists and packs what is inside, whatever the symlinks say", () =>
  check(async ({ files, path }) => {
    const listed = await attempt(() => files.list(path));
    const whole = await attempt(() => files.list("."));
    for (const tree of [listed, whole]) assertEquals(JSON.stringify(tree).includes('"secret"'), false);
    const packed = await attempt(async () => await readTar(await files.pack()));
    if (Array.isArray(packed)) assertEquals(packed.filter((entry) => / file .*secret/.test(entry)), []);
  }));

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { MEBIBYTE } from "../../../src/core/limits.ts";
import { packTree } from "../../../src/workspace/archive/pack_tree.ts";
import { unpackTree } from "../../../src/workspace/archive/unpack_tree.ts";
import { withGuardedDirectory } from "../../support/guarded_directory.ts";
import { readTar, type TarEntry, tarStream } from "../../support/tar.ts";

const MAX_GROWTH_BYTES = 200 * MEBIBYTE;
/** How long a race is run, and how long at most until both ways in which it can go were seen. */
const RACE_MS = 700;
const MAX_RACE_MS = 20_000;

async function unpack(root: string, entries: readonly TarEntry[]): Promise<void> {
  await unpackTree(root, await tarStream(entries));
}

Deno.test("unpackTree() goes through no symlink that leads out", () =>
  withGuardedDirectory(async ({ root, outside }) => {
    for (
      const [name, target] of Object.entries({
        absolute: outside,
        relative: "../outside",
        up: "..",
        root: "/",
        self: "self",
      })
    ) {
      await Deno.symlink(target, join(root, name));
      for (
        const entry of [{ name: `${name}/f`, text: "x" }, { name: `${name}/d/`, type: "directory" }, {
          name: `${name}/l`,
          type: "symlink",
          linkname: "x",
        }] as TarEntry[]
      ) {
        const { code } = await assertRejects(() => unpack(root, [entry]), CodeBeakerError);
        assertEquals([entry.name, code], [entry.name, "permission_denied"]);
      }
      await unpack(root, [{ name, text: "in its place" }]);
      assertEquals((await Deno.lstat(join(root, name))).isFile, true);
    }
  }));

Deno.test("unpackTree() is not led astray by a program that swaps a directory for a symlink meanwhile", () =>
  withGuardedDirectory(async ({ root, outside }) => {
    await Deno.mkdir(join(root, "swap"));
    const swapper = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `for (;;) { try { Deno.renameSync("swap", "kept"); Deno.symlinkSync(Deno.args[0], "swap"); Deno.removeSync("swap"); Deno.renameSync("kept", "swap"); } catch { try { Deno.removeSync("kept", { recursive: true }); } catch {} } }`,
        outside,
      ],
      cwd: root,
      stdout: "null",
      stderr: "null",
    }).spawn();
    let [inside, refused] = [0, 0];
    const startedAt = performance.now();
    while (performance.now() < startedAt + (inside > 0 && refused > 0 ? RACE_MS : MAX_RACE_MS)) {
      try {
        await unpack(root, [{ name: "swap/a/f", text: "x" }, { name: "swap/l", type: "symlink", linkname: "a" }]);
        inside++;
      } catch (error) {
        if (!(error instanceof CodeBeakerError)) throw error;
        refused++;
      }
    }
    swapper.kill("SIGKILL");
    await swapper.status;
    assert(inside > 0 && refused > 0, `The race was not run: ${inside} unpacked, ${refused} refused`);
  }));

Deno.test("packTree() is not led astray by a program that swaps what it packs for symlinks and pipes meanwhile", () =>
  withGuardedDirectory(async ({ root, outside }) => {
    await Deno.mkdir(join(root, "swap"));
    await Deno.writeTextFile(join(root, "swap/secret"), "inside");
    const swapper = new Deno.Command("sh", {
      args: [
        "-c",
        'while :; do mv swap kept; ln -s "$0" swap; rm swap; mv kept swap; rm -f swap/secret; mkfifo swap/secret; rm swap/secret; ln -s "$0/secret" swap/secret; rm swap/secret; echo inside > swap/secret; done 2>/dev/null',
        outside,
      ],
      cwd: root,
    }).spawn();
    const seen = new Set<string>();
    const startedAt = performance.now();
    while (performance.now() < startedAt + (seen.size > 1 ? RACE_MS : MAX_RACE_MS)) {
      const lines = await readTar(await packTree(root));
      for (const line of lines) seen.add(line);
    }
    swapper.kill("SIGKILL");
    await swapper.status;
    assert(seen.size > 1, `The race was not run: ${[...seen].join(", ")}`);
    assertEquals([...seen].filter((line) => line.includes("file secret")), []);
  }));

Deno.test("packTree() and unpackTree() hold no file in memory", () =>
  withGuardedDirectory(async ({ parent, root }) => {
    await Deno.writeFile(join(root, "large"), new Uint8Array());
    await Deno.truncate(join(root, "large"), 300 * MEBIBYTE);
    const copy = join(parent, "copy");
    await Deno.mkdir(copy);
    const before = Deno.memoryUsage().rss;
    let most = before;
    const watched = (await packTree(root)).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(bytes, controller) {
          most = Math.max(most, Deno.memoryUsage().rss);
          controller.enqueue(bytes);
        },
      }),
    );
    await unpackTree(copy, watched);
    assertEquals((await Deno.stat(join(copy, "large"))).size, 300 * MEBIBYTE);
    assert(most - before < MAX_GROWTH_BYTES, `grew by ${Math.round((most - before) / MEBIBYTE)} MB`);
  }));

Deno.test("packTree() leaves out what has a name that is not UTF-8", () =>
  withGuardedDirectory(async ({ root }) => {
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `echo x > "$(printf 'caf\\351')"; echo y > good`],
      cwd: root,
    }).output();
    assert(success);
    assertEquals(await readTar(await packTree(root)), ["./good file y"]);
  }));

Deno.test("packTree() closes everything wherever its reader stops", () =>
  withGuardedDirectory(async ({ root }) => {
    await Deno.mkdir(join(root, "a/b/c"), { recursive: true });
    for (const path of ["a/f", "a/b/f", "a/b/c/f"]) await Deno.writeFile(join(root, path), new Uint8Array(200_000));
    for (let chunks = 0; chunks < 12; chunks++) {
      const reader = (await packTree(root)).getReader();
      for (let count = 0; count < chunks; count++) await reader.read();
      await reader.cancel();
    }
  }));

Deno.test("packTree() tells a directory that a program has removed as not_found", () =>
  withGuardedDirectory(async ({ parent }) => {
    const error = await assertRejects(() => packTree(join(parent, "gone")), CodeBeakerError);
    assertEquals(error.code, "not_found");
  }));

Deno.test("unpackTree() lets others have their turn, also where every entry is empty and lies deep", () =>
  withGuardedDirectory(async ({ root }) => {
    const above = Array.from({ length: 100 }, () => "d").join("/");
    const entries = Array.from({ length: 500 }, (_, index) => ({ name: `${above}/f${index}` }));
    const archive = await tarStream(entries);
    let turns = 0;
    const others = setInterval(() => turns++, 1);
    await unpackTree(root, archive);
    clearInterval(others);
    assert(turns >= 5, `others had ${turns} turns`);
  }));

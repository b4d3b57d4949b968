import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { ConfinedDirectory, type ConfinedDirectoryParts } from "../../src/sandbox/confined_directory.ts";
import type { OwnUids } from "../../src/host/own_uids.ts";
import { SystemCalls } from "../../src/host/system_calls.ts";
import { isPresent } from "../support/requirements.ts";

const MEBIBYTE = 1_048_576;

/** Users that are counted and not had: those of the tests' own user, so that it may give directories to them. */
function fakeUids(uid: number): { readonly taken: () => number; readonly uids: OwnUids } {
  let taken = 0;
  const uids = { take: () => (taken++, uid), give: () => void taken-- };
  return { taken: () => taken, uids: uids as unknown as OwnUids };
}

/** Memory that is promised until it is given back. */
function fakeMemory(isLeft: boolean) {
  const promised: number[] = [];
  return {
    promised,
    promiseMemory(bytes: number) {
      if (!isLeft) return undefined;
      promised.push(bytes);
      return { [Symbol.dispose]: () => void promised.splice(promised.indexOf(bytes), 1) };
    },
  };
}

async function withParent(test: (parent: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await test(parent);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

const mountsBelow = (parent: string) =>
  Deno.readTextFileSync("/proc/self/mountinfo").split("\n").filter((line) => line.includes(` ${parent}/`));

const UNMOUNTED: ConfinedDirectoryParts = { uids: undefined, mounting: undefined, promiseMemory: () => undefined };

Deno.test("ConfinedDirectory without mounting is a directory for its owner alone, whose usage is counted", () =>
  withParent(async (parent) => {
    const path = join(parent, "a");
    const directory = ConfinedDirectory.make(path, { diskMb: 2 }, UNMOUNTED);
    assertEquals([directory.isBounded, directory.uid, (Deno.statSync(path).mode ?? 0) & 0o777], [
      false,
      undefined,
      0o700,
    ]);
    assertEquals(directory.bounds, { bytes: 6 * MEBIBYTE, files: 2 * 256 + 256 });
    const inner = directory.makeDirectory("inner");
    assertEquals([inner, (Deno.statSync(inner).mode ?? 0) & 0o777], [join(path, "inner"), 0o700]);
    await Deno.writeFile(join(inner, "file"), new Uint8Array(100_000).fill(1));
    const usage = await directory.usage();
    assert(usage.bytes >= 100_000 && usage.bytes < 200_000, `${usage.bytes}`);
    assertEquals(usage.files, 2);
    await directory[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
    await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
  }));

Deno.test("ConfinedDirectory lets a program begin in what others have filled, and add its room, up to a ceiling", () =>
  withParent(async (parent) => {
    const directory = ConfinedDirectory.make(join(parent, "a"), { diskMb: 1 }, UNMOUNTED);
    const path = join(directory.path, "file");
    const boundsWith = async (bytes: number) => {
      await Deno.writeFile(path, new Uint8Array(bytes).fill(1));
      await directory.usage();
      await directory.admitProgram({ timeoutMs: 60_000 });
      return directory.programBounds;
    };
    const { bounds } = directory;
    assertEquals(await boundsWith(3 * MEBIBYTE), bounds);
    assertEquals(await boundsWith(6 * MEBIBYTE), { bytes: 7 * MEBIBYTE, files: bounds.files });
    assertEquals((await boundsWith(9.5 * MEBIBYTE)).bytes, 10 * MEBIBYTE);
    await assertRejects(
      () => boundsWith(16 * MEBIBYTE),
      CodeBeakerError,
      "more than 10 MB or 1024 files: delete files",
    );
    for (let file = 0; file < 300; file++) await Deno.writeTextFile(`${path}${file}`, "");
    const signal = AbortSignal.abort(new Error("it is over"));
    await assertRejects(() => directory.admitProgram({ signal, timeoutMs: 60_000 }), Error, "it is over");
    for (let file = 0; file < 300; file++) await Deno.remove(`${path}${file}`);
    assertEquals(await boundsWith(0), bounds);
    await directory[Symbol.asyncDispose]();
  }));

Deno.test("ConfinedDirectory gives its user, and what was promised to it, back once", () =>
  withParent(async (parent) => {
    const { uids, taken } = fakeUids(Deno.uid() ?? 0);
    const directory = ConfinedDirectory.make(join(parent, "a"), { diskMb: 1 }, { ...UNMOUNTED, uids });
    assertEquals([taken(), directory.uid], [1, Deno.uid()]);
    await directory[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
    assertEquals(taken(), 0);
  }));

Deno.test("ConfinedDirectory that cannot be made takes nothing", () =>
  withParent((parent) => {
    const { uids, taken } = fakeUids(0);
    const { promised, promiseMemory } = fakeMemory(true);
    const mounting = { mountTmpfs: () => {}, unmount: () => true } as unknown as SystemCalls;
    assertThrows(
      () => ConfinedDirectory.make(join(parent, "none", "a"), { diskMb: 1 }, { uids, mounting, promiseMemory }),
      Error,
      "ENOENT",
    );
    assertEquals([taken(), promised], [0, []]);
    return Promise.resolve();
  }));

Deno.test("ConfinedDirectory is not mounted where there is no memory left for it", () =>
  withParent(async (parent) => {
    let mounts = 0;
    const mounting = { mountTmpfs: () => void mounts++, unmount: () => true } as unknown as SystemCalls;
    const { promiseMemory } = fakeMemory(false);
    await using directory = ConfinedDirectory.make(join(parent, "a"), { diskMb: 1 }, {
      uids: undefined,
      mounting,
      promiseMemory,
    });
    assertEquals([directory.isBounded, mounts], [false, 0]);
  }));

async function mountAvailability(): Promise<Availability> {
  using calls = SystemCalls.open();
  const parent = Deno.makeTempDirSync();
  try {
    calls?.mountTmpfs(parent, "size=4096,nr_inodes=8");
    if (await calls?.unmount(parent) === true) return { available: true };
    return { available: false, reason: "there is no mount(2) here" };
  } catch (error) {
    return { available: false, reason: String(error) };
  } finally {
    Deno.removeSync(parent);
  }
}

if (isPresent("tmpfs", await mountAvailability())) {
  const withMounted = (
    test: (directory: ConfinedDirectory, parent: string, promised: readonly number[]) => Promise<void>,
    { diskMb = 1, uids }: { readonly diskMb?: number; readonly uids?: OwnUids } = {},
  ) =>
    withParent(async (parent) => {
      using mounting = SystemCalls.open();
      const { promised, promiseMemory } = fakeMemory(true);
      const directory = ConfinedDirectory.make(join(parent, "a"), { diskMb }, { uids, mounting, promiseMemory });
      try {
        assertEquals([directory.isBounded, mountsBelow(parent).length], [true, 1]);
        await test(directory, parent, promised);
      } finally {
        await directory[Symbol.asyncDispose]();
      }
      assertEquals([mountsBelow(parent), [...Deno.readDirSync(parent)], promised], [[], [], []]);
    });

  Deno.test("ConfinedDirectory promises the memory of its ceiling, until it is disposed", () =>
    withMounted((directory, _, promised) => {
      assertEquals(promised, [directory.ceiling.bytes]);
      return Promise.resolve();
    }));

  Deno.test("ConfinedDirectory holds no more bytes than its bounds and a margin, by the kernel", () =>
    withMounted(async (directory) => {
      const before = await directory.usage();
      const file = await Deno.open(join(directory.path, "file"), { create: true, write: true });
      const chunk = new Uint8Array(65_536).fill(1);
      let written = 0;
      const error = await (async () => {
        for (;; written += chunk.length) await file.write(chunk);
      })().catch((error: unknown) => error);
      file.close();
      assert(String(error).includes("No space left"), String(error));
      assert(written >= directory.bounds.bytes && written <= directory.bounds.bytes + 2 * MEBIBYTE, `${written}`);
      const usage = await directory.usage();
      assert(usage.bytes > directory.bounds.bytes && usage.files === before.files + 1, JSON.stringify(usage));
      await Deno.remove(join(directory.path, "file"));
      assertEquals(await directory.usage(), before);
    }));

  Deno.test("ConfinedDirectory holds no more files than its bounds and a margin, by the kernel", () =>
    withMounted(async (directory) => {
      let made = 0;
      assertThrows(
        () => {
          for (;; made++) Deno.mkdirSync(join(directory.path, `${made}`));
        },
        Error,
        "No space left",
      );
      assert(made >= directory.bounds.files && made <= directory.bounds.files + 512, `${made}`);
      assert((await directory.usage()).files > directory.bounds.files);
    }));

  Deno.test("ConfinedDirectory that is full takes the code of a program, which can then add nothing", () =>
    withMounted(async (directory) => {
      const fill = (name: string) => Deno.writeFile(join(directory.path, name), new Uint8Array(16 * MEBIBYTE).fill(1));
      const code = join(directory.path, "code");
      for (const time of ["first", "second"]) {
        await assertRejects(() => fill("file"), Error, "No space left");
        const full = await directory.usage();
        await directory.admitCode();
        await Deno.writeFile(code, new Uint8Array(100_000).fill(1));
        await directory.admitProgram({ timeoutMs: 60_000 });
        await assertRejects(() => fill("more"), Error, "No space left");
        const { bytes } = await directory.usage();
        assert(bytes > full.bytes && bytes < full.bytes + 200_000, `${time}: ${full.bytes}, ${bytes}`);
        assert(bytes < directory.ceiling.bytes && bytes < directory.programBounds.bytes, `${time}: ${bytes}`);
        for (const name of ["file", "more", "code"]) await Deno.remove(join(directory.path, name));
        await directory.usage();
        await directory.admitProgram({ timeoutMs: 60_000 });
        assertEquals([time, directory.programBounds], [time, directory.bounds]);
      }
    }));

  Deno.test("ConfinedDirectory lets no device and no program of another user's power lie in it", () =>
    withMounted((_, parent) => {
      const options = mountsBelow(parent)[0]?.split(" ")[5]?.split(",") ?? [];
      assert(options.includes("nosuid") && options.includes("nodev"), `${options}`);
      return Promise.resolve();
    }));

  Deno.test("ConfinedDirectory is gone with what is open in it", () =>
    withMounted(async (directory) => {
      await Deno.mkdir(join(directory.path, "a/b"), { recursive: true });
      const file = await Deno.open(join(directory.path, "a/b/file"), { create: true, write: true });
      await directory[Symbol.asyncDispose]();
      file.close();
    }));

  if (Deno.uid() === 0) {
    Deno.test("ConfinedDirectory, and what is made and owned in it, are its user's", async () => {
      const uid = 0x7000_0000;
      const check = async (directory: ConfinedDirectory) => {
        assertEquals([directory.uid, Deno.statSync(directory.path).uid, Deno.statSync(directory.path).gid], [
          uid,
          uid,
          uid,
        ]);
        assertEquals(Deno.statSync(directory.makeDirectory("inner")).uid, uid);
        const link = join(directory.path, "link");
        await Deno.symlink("/etc/passwd", link);
        directory.own(link);
        assertEquals([Deno.lstatSync(link).uid, Deno.statSync("/etc/passwd").uid], [uid, 0]);
      };
      await withMounted(check, { uids: fakeUids(uid).uids });
      await withParent(async (parent) => {
        await using directory = ConfinedDirectory.make(join(parent, "a"), { diskMb: 1 }, {
          ...UNMOUNTED,
          uids: fakeUids(uid).uids,
        });
        await check(directory);
      });
    });
  }
}

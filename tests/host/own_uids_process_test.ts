import { assert, assertEquals, assertThrows } from "@std/assert";
import { OwnUids } from "../../src/host/own_uids.ts";
import { isPresent } from "../support/requirements.ts";

const FIRST_UID = 0x7000_0000;
const LAST_UID = 0x7fff_ffff;
const BLOCK_SIZE = 0x1_0000;

async function withLocks(test: (directory: string) => Promise<void> | void): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await test(`${parent}/locks`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

function open(directory: string): OwnUids {
  const uids = OwnUids.open(directory);
  assert(uids !== undefined);
  return uids;
}

function blockOf(uid: number): number {
  return Math.floor((uid - FIRST_UID) / BLOCK_SIZE);
}

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

if (!isRoot) {
  Deno.test("OwnUids are nobody's where the service is not root", () =>
    withLocks((directory) => assertEquals(OwnUids.open(directory), undefined)));
}

if (
  isPresent("own_user", isRoot ? { available: true } : { available: false, reason: "the tests do not run as root" })
) {
  Deno.test("OwnUids are of the range that nobody else takes, and none of them twice", () =>
    withLocks((directory) => {
      using uids = open(directory);
      const taken = Array.from({ length: 1_000 }, () => uids.take());
      assertEquals(new Set(taken).size, 1_000);
      assert(taken.every((uid) => uid > FIRST_UID + BLOCK_SIZE - 1 && uid < LAST_UID));
    }));

  Deno.test("OwnUids of two services share none, and a block is free again with its service", () =>
    withLocks((directory) => {
      using first = open(directory);
      const second = open(directory);
      const blocks = [first, second].map((uids) => blockOf(uids.take()));
      assert(blocks[0] !== blocks[1], `${blocks}`);
      second[Symbol.dispose]();
      using third = open(directory);
      assertEquals(blockOf(third.take()), blocks[1]);
    }));

  Deno.test("OwnUids of another process are not taken", () =>
    withLocks(async (directory) => {
      using first = open(directory);
      const code = `const { OwnUids } = await import(${
        JSON.stringify(new URL("../../src/host/own_uids.ts", import.meta.url).href)
      }); console.log(OwnUids.open(${JSON.stringify(directory)}).take());`;
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "--no-check",
          "--allow-all",
          "--config",
          "deno.json",
          `data:text/javascript,${encodeURIComponent(code)}`,
        ],
      }).output();
      const theirs = Number(new TextDecoder().decode(stdout));
      assert(theirs > FIRST_UID && blockOf(theirs) !== blockOf(first.take()), `${theirs}`);
    }));

  Deno.test("OwnUids come again only when they were given back, and not at once", () =>
    withLocks((directory) => {
      using uids = open(directory);
      const first = uids.take();
      uids.give(first);
      const others = Array.from({ length: BLOCK_SIZE - 1 }, () => uids.take());
      assertEquals(others.includes(first), false);
      assertEquals(uids.take(), first);
      assertThrows(() => uids.take(), Error, "all 65536 users are taken");
      uids.give(others[7] ?? 0);
      assertEquals(uids.take(), others[7]);
    }));

  Deno.test("OwnUids are not had where nobody can be told", () =>
    withLocks((directory) => {
      Deno.writeTextFileSync(directory, "in the way");
      assertEquals(OwnUids.open(directory), undefined);
    }));
}

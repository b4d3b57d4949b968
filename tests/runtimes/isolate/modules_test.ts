import { assertEquals } from "@std/assert";
import { KINDS, LENGTH_BYTES, MAX_BYTES } from "../../../src/runtimes/isolate/slot_frames.ts";

// What runs in a slot and in an isolate imports nothing of the service's: where both say the same, these compare the texts.

function read(path: string): string {
  return Deno.readTextFileSync(new URL(`../../../src/runtimes/isolate/${path}`, import.meta.url));
}

/** A number that a module names. */
function numberIn(path: string, name: string): number {
  const [, digits = ""] = new RegExp(`^const ${name} = ([\\d_]+);$`, "m").exec(read(path)) ?? [];
  return Number(digits.replaceAll("_", "") || NaN);
}

/** The names between two texts of a module, in order. */
function namesIn(path: string, begin: string, end: string): string[] {
  const text = read(path).split(begin)[1]?.split(end)[0] ?? "";
  return [...text.matchAll(/\w+/g)].map(([name]) => name);
}

Deno.test("frames.cjs has the kinds and lengths of frames that the service reads", () => {
  const kinds = KINDS.flatMap((kind, index) => [kind, String(index)]);
  assertEquals(namesIn("host/frames.cjs", "exports.KINDS = {", "}"), kinds);
  assertEquals(["LENGTH_BYTES", "MAX_BYTES"].map((name) => numberIn("host/frames.cjs", name)), [
    LENGTH_BYTES,
    MAX_BYTES,
  ]);
});

Deno.test("a URL has its parts in the order in which the process of the slot sends them, and all but the origin can be changed", () => {
  const parts = namesIn("prelude/url.js", "const PARTS = [", "];");
  assertEquals(parts.length, 11);
  assertEquals(namesIn("host/program.cjs", "return JSON.stringify([href,", "]"), parts.slice(1));
  assertEquals(namesIn("host/program.cjs", "const CHANGED = [", "];"), parts.filter((part) => part !== "origin"));
});

Deno.test("a program is told of the bound of random bytes that the process of the slot keeps", () => {
  assertEquals(numberIn("host/program.cjs", "MAX_RANDOM_BYTES"), 65_536); // The Web Cryptography API's.
  assertEquals(numberIn("prelude/small_globals.js", "MAX_RANDOM_BYTES"), 65_536);
});

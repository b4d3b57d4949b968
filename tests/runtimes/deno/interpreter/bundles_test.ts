import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { costOf, DISPLAY, toBundle, toValue } from "../../../../src/runtimes/deno/interpreter/bundles.js";

const MAX = 10_000;

Deno.test("toValue() answers what JSON carries whole as that, and everything else as a bundle", async () => {
  assertEquals(await toValue(undefined, MAX), {});
  for (const value of [null, 0, "text", true, [1, ["a"]], { a: { b: null } }]) {
    assertEquals(await toValue(value, MAX), { value, valueType: "json" });
  }
  for (
    const [value, text] of [
      [NaN, "NaN"],
      [-0, "-0"],
      [1n, "1n"],
      [Symbol("s"), "Symbol(s)"],
      [new Map([[1, 2]]), "Map(1) { 1 => 2 }"],
      [{ a: undefined }, "{ a: undefined }"],
      [new Date(0), "1970-01-01T00:00:00.000Z"],
    ] as const
  ) assertEquals(await toValue(value, MAX), { value: { "text/plain": text }, valueType: "mime" });
});

Deno.test("toValue() survives values that are made to be in the way", async () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const thrower = {
    get a() {
      throw new Error("no");
    },
  };
  const hostile = new Proxy({}, {
    ownKeys: () => {
      throw new Error("no");
    },
  });
  let deep: unknown = 1;
  for (let depth = 0; depth < 10_000; depth++) deep = [deep];
  for (const value of [cycle, thrower, hostile, deep]) assertEquals((await toValue(value, MAX)).valueType, "mime");
});

Deno.test("toValue() gives any JSON back as it was, and nothing that is longer than it may be", async () => {
  await fc.assert(fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (value) => {
    const { value: told, valueType } = await toValue(value, 500);
    assertEquals(costOf(told) <= 500, true);
    if (valueType === "json") assertEquals(JSON.stringify(told), JSON.stringify(value));
  }));
});

Deno.test("toBundle() shows a value as it says itself, and pictures as such", async () => {
  const html = {
    [DISPLAY]: () => ({ "text/html": "<b>", "image/png": new Uint8Array([1]), "application/json": { a: 1 } }),
  };
  assertEquals(await toBundle(html), { "text/html": "<b>", "image/png": "AQ==", "application/json": { a: 1 } });
  const later = { [DISPLAY]: () => Promise.resolve({ "text/markdown": "# a" }) };
  assertEquals(await toBundle(later), { "text/markdown": "# a" });
  assertEquals(Object.keys(await toBundle(new Uint8Array([0x89, 0x50, 0x4e, 0x47]))), ["text/plain", "image/png"]);
  await assertRejects(() => Promise.try(() => toBundle({ [DISPLAY]: () => "text" })), TypeError, "MIME types");
  await assertRejects(
    () => Promise.try(() => toBundle({ [DISPLAY]: () => ({ html: "" }) })),
    TypeError,
    "no MIME type",
  );
});

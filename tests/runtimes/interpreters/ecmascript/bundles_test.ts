import "../../../../src/runtimes/deno/interpreter/deno_host.js";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ANY_CHARACTER } from "../../../support/any_text.ts";
import { costOf, cut, DISPLAY, toBundle, toValue } from "../../../../src/runtimes/interpreters/ecmascript/bundles.js";

const MAX = { maxBytes: 10_000, maxTextLength: 1_000 };

Deno.test("toValue() answers what JSON carries whole as that, and everything else as a bundle", async () => {
  assertEquals(await toValue(undefined, MAX), {});
  const plain = [
    [null, "null"],
    [0, "0"],
    ["text", '"text"'],
    [true, "true"],
    [[1, ["a"]], '[ 1, [ "a" ] ]'],
    [{ a: { b: null } }, "{ a: { b: null } }"],
  ] as const;
  for (const [value, text] of plain) assertEquals(await toValue(value, MAX), { value, valueType: "json", text });
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
  ) assertEquals(await toValue(value, MAX), { value: { "text/plain": text }, valueType: "mime", text });
  const own = { [DISPLAY]: () => ({ "text/html": "<b>" }), toString: 1 };
  const { text, value } = await toValue(own, MAX);
  assertEquals([value, text?.startsWith("{ toString: 1")], [{ "text/html": "<b>" }, true]);
});

Deno.test("toValue() bounds the text of a value, and cut() tells how many bytes of its middle are left out", async () => {
  const { text, value } = await toValue("äb".repeat(2_000), MAX);
  assertEquals(text, `"${"äb".repeat(233)}ä\n[… 4599 bytes are left out here …]\nb${"äb".repeat(233)}"`);
  assertEquals(value, "äb".repeat(2_000));
  assertEquals([cut("1234", 4), cut("\ud800", 4)], ["1234", "\ufffd"]);
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
  const property = fc.asyncProperty(fc.jsonValue({ stringUnit: ANY_CHARACTER }), async (value) => {
    const { value: result, valueType } = await toValue(value, { maxBytes: 1_000, maxTextLength: 100 });
    assertEquals(costOf(result) <= 1_000, true);
    if (valueType === "json") assertEquals(JSON.stringify(result), JSON.stringify(value));
  });
  await fc.assert(property);
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

import "../../../../src/runtimes/deno/interpreter/deno_host.js";
import { assertEquals, assertRejects } from "@std/assert";
import { cut } from "../../../../src/runtimes/interpreters/ecmascript/bundles.js";
import {
  beginDisplays,
  display,
  endDisplays,
  jupyter,
} from "../../../../src/runtimes/interpreters/ecmascript/displays.js";

const MAX = 10_000;

/** Begins a cell; returns where its displays come. */
function begin(maxBytes = MAX): unknown[] {
  const sent: unknown[] = [];
  beginDisplays({ maxBytes, send: (bundle: unknown) => sent.push(bundle) });
  return sent;
}

Deno.test("display() sends values in order, as bundles of their own or as what they say they are", async () => {
  const sent = begin();
  display(1);
  await display({ "text/html": "<b>" }, { raw: true });
  await display(jupyter.md`# ${"title"}`);
  await display(jupyter.image(new Uint8Array([0x89, 0x50, 0x4e, 0x47])));
  assertEquals(sent, [
    { "text/plain": "1" },
    { "text/html": "<b>" },
    { "text/markdown": "# title" },
    { "text/plain": "Uint8Array(4) [ 137, 80, 78, 71 ]", "image/png": "iVBORw==" },
  ]);
  assertEquals(endDisplays(), {});
});

Deno.test("display() sends what is at hand before the cell goes on", () => {
  const sent = begin();
  const value = { count: 1 };
  display(value);
  sent.push("printed");
  value.count = 2;
  endDisplays();
  assertEquals(sent, [{ "text/plain": "{ count: 1 }" }, "printed"]);
});

Deno.test("what is still being made, or displayed between two cells, comes with the next cell; what fails is told to whoever shows it", async () => {
  const first = begin();
  const { promise, resolve } = Promise.withResolvers();
  const later = display({ [jupyter.$display]: () => promise });
  const strange = display({ [jupyter.$display]: () => ({ then() {} }) });
  await assertRejects(() => display("text", { raw: true }), TypeError);
  endDisplays();
  resolve({ "text/plain": "late" });
  await later;
  display("between");
  const second = begin();
  assertEquals([first, second], [[], [{ "text/plain": "late" }, { "text/plain": "between" }]]);
  assertEquals([endDisplays(), strange instanceof Promise], [{}, true]);
});

Deno.test("display() sends no more than it may: the rest is counted, and one that is too long is shortened", async () => {
  const few = begin();
  for (let count = 0; count < 5; count++) await display("x".repeat(3_000));
  assertEquals([few.length, endDisplays()], [3, { displaysOmitted: 2 }]);
  const long = begin();
  await display("x".repeat(50_000));
  assertEquals([long, endDisplays()], [[{ "text/plain": cut("x".repeat(50_000), 1_250) }], {}]);
  for (let count = 0; count < 1_001; count++) display(count);
  const many = begin(10_000_000);
  for (let count = 0; count < 500; count++) display(count);
  assertEquals([many.length, endDisplays()], [1_000, { displaysOmitted: 501 }]);
});

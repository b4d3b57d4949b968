import { assertEquals, assertRejects } from "@std/assert";
import { display, jupyter, takeDisplays } from "../../../../src/runtimes/deno/interpreter/displays.js";

const MAX = 10_000;

Deno.test("display() shows values in order, as bundles of their own or as what they say they are", async () => {
  display(1);
  await display({ "text/html": "<b>" }, { raw: true });
  await display(jupyter.md`# ${"title"}`);
  await display(jupyter.image(new Uint8Array([0x89, 0x50, 0x4e, 0x47])));
  assertEquals(takeDisplays(MAX), {
    displays: [
      { "text/plain": "1" },
      { "text/html": "<b>" },
      { "text/markdown": "# title" },
      { "text/plain": "Uint8Array(4) [ 137, 80, 78, 71 ]", "image/png": "iVBORw==" },
    ],
  });
  assertEquals(takeDisplays(MAX), { displays: [] });
});

Deno.test("what is still being made is shown with the next cell, and what fails is told to whoever shows it", async () => {
  const { promise, resolve } = Promise.withResolvers();
  const later = display({ [jupyter.$display]: () => promise });
  await assertRejects(() => display("text", { raw: true }), TypeError);
  assertEquals(takeDisplays(MAX), { displays: [] });
  resolve({ "text/plain": "late" });
  await later;
  assertEquals(takeDisplays(MAX), { displays: [{ "text/plain": "late" }] });
});

Deno.test("takeDisplays() gives no more than it may: the rest is counted, and one that is too long is shortened", async () => {
  for (let count = 0; count < 5; count++) await display("x".repeat(3_000));
  const { displays, displaysOmitted } = takeDisplays(MAX);
  assertEquals([displays.length, displaysOmitted], [3, 2]);
  await display("x".repeat(50_000));
  assertEquals(takeDisplays(MAX).displays, [{ "text/plain": `${"x".repeat(1_250)}…` }]);
  for (let count = 0; count < 1_500; count++) display(count);
  await Promise.resolve();
  const all = takeDisplays(10_000_000);
  assertEquals([all.displays.length, all.displaysOmitted], [1_000, 500]);
});

import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";

const MEBIBYTE = 1_048_576;

/**
 * Takes 125 MiB in blocks, frees all but one in fifty of them, and prints what the process held before memory was given
 * back, and behind that.
 */
const PROGRAM = `
const { giveBackMemory } = await import(${JSON.stringify(import.meta.resolve("../../src/host/free_memory.ts"))});
let giveBack;
using giving = giveBackMemory({ every: (_ms, call) => (giveBack = call, { [Symbol.dispose]() {} }) });
let all = Array.from({ length: 8_000 }, () => new Uint8Array(16_384).fill(1));
const kept = all.filter((_, index) => index % 50 === 0);
all = undefined;
for (let round = 0; round < 3; round++) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  gc();
}
const before = Deno.memoryUsage().rss;
giveBack?.();
console.log(JSON.stringify([before, Deno.memoryUsage().rss, kept.length]));
`;

Deno.test("giveBackMemory() gives back what is free between what is not, where the C library can", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-all",
      "--v8-flags=--expose-gc",
      `--config=${fromFileUrl(import.meta.resolve("../../deno.json"))}`,
      `data:text/javascript,${encodeURIComponent(PROGRAM)}`,
    ],
  }).output();
  const [before, after, kept] = JSON.parse(new TextDecoder().decode(stdout));
  const isGlibc = Deno.build.target.endsWith("-linux-gnu");
  assert(kept === 160 && (!isGlibc || after < before - 60 * MEBIBYTE), `${before} became ${after}`);
});

import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { runWorker } from "../../src/concurrency/run_worker.ts";

function moduleOf(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Never answers. It stops by itself, since Deno terminates no Worker that computes: it would take a core from all later tests. */
const ENDLESS = moduleOf("onmessage = () => { for (const end = Date.now() + 1_000; Date.now() < end;); }");

Deno.test("runWorker() answers what the module answers", async () => {
  const module = moduleOf("onmessage = ({ data }) => postMessage(data.map((number) => number * 2))");
  assertEquals(await runWorker(module, [1, 2], { deadlineMs: 10_000 }), [2, 4]);
});

Deno.test("runWorker() gives up a module that never answers at its deadline, or when its signal is aborted", async () => {
  const late = await assertRejects(() => runWorker(ENDLESS, 0, { deadlineMs: 200 }), CodeBeakerError);
  assertEquals(late.code, "too_large");
  const signal = AbortSignal.timeout(200);
  await assertRejects(() => runWorker(ENDLESS, 0, { deadlineMs: 60_000, signal }), DOMException);
  await assertRejects(() => runWorker(ENDLESS, 0, { deadlineMs: 60_000, signal }), DOMException);
});

Deno.test("runWorker() tells that a module failed, and lives on", async () => {
  const module = moduleOf("onmessage = () => { throw new Error('It broke') }");
  const error = await assertRejects(() => runWorker(module, 0, { deadlineMs: 10_000 }), CodeBeakerError, "It broke");
  assertEquals(error.code, "internal");
});

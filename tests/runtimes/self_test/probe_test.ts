import { assertEquals } from "@std/assert";
import { Probe } from "../../../src/runtimes/self_test/probe.ts";

Deno.test("Probe answers all callers with one question, and remembers the answer", async () => {
  let asked = 0;
  const probe = new Probe(() => {
    asked++;
    return Promise.resolve();
  }, { ttlMs: 60_000, failureTtlMs: 60_000, timeoutMs: 1_000 });
  const answers = await Promise.all([probe.answer(), probe.answer()]);
  assertEquals([answers, await probe.answer(), asked], [
    [{ available: true }, { available: true }],
    { available: true },
    1,
  ]);
});

Deno.test("Probe asks again when a no is old, which is sooner than a yes", async () => {
  let asked = 0;
  const probe = new Probe(() => {
    asked++;
    return asked === 1 ? Promise.reject(new Error("not yet")) : Promise.resolve();
  }, { ttlMs: 60_000, failureTtlMs: 0, timeoutMs: 1_000 });
  assertEquals(await probe.answer(), { available: false, reason: "not yet" });
  assertEquals(await probe.answer(), { available: true });
});

Deno.test("Probe gives up on a question that hangs, and ends it", async () => {
  let ended = false;
  const probe = new Probe((signal) => new Promise(() => signal.addEventListener("abort", () => ended = true)), {
    ttlMs: 0,
    failureTtlMs: 0,
    timeoutMs: 10,
  });
  assertEquals([await probe.answer(), ended], [{ available: false, reason: "no answer within 10 ms" }, true]);
});

import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { MemoryBudget } from "../../src/concurrency/memory_budget.ts";

Deno.test("MemoryBudget promises no more than there is, and a program waits for what others give back", async () => {
  const budget = new MemoryBudget(1_000);
  const first = await budget.forProgram(600, {});
  const busy = await assertRejects(() => budget.forProgram(600, { timeoutMs: 1 }), CodeBeakerError, "600 MB of memory");
  assertEquals([busy.code, busy.details.retryAfterMs], ["busy", 1_000]);
  const second = budget.forProgram(600, {});
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using _second = await second;
  await assertRejects(() => budget.forProgram(401, { timeoutMs: 1 }), CodeBeakerError, "other programs use too much");
});

Deno.test("MemoryBudget tells at once what it can never promise, and nobody waits behind it", async () => {
  const budget = new MemoryBudget(1_000);
  const never = await assertRejects(() => budget.forProgram(1_001, {}), CodeBeakerError, "together may use 1000 MB");
  assertEquals([never.code, never.details.retryAfterMs], ["too_large", undefined]);
  using _all = await budget.forProgram(1_000, {});
});

Deno.test("MemoryBudget leaves half of it to programs, whatever workspaces would take", async () => {
  const budget = new MemoryBudget(1_000);
  const held = [budget.forWorkspace(300), budget.forWorkspace(200)];
  assertEquals(held.map((promise) => promise !== undefined), [true, true]);
  assertEquals(budget.forWorkspace(1), undefined);
  using _program = await budget.forProgram(500, {});
  held[0]?.[Symbol.dispose]();
  using again = budget.forWorkspace(300);
  assertEquals(again !== undefined, true);
});

Deno.test("MemoryBudget gives a workspace nothing that programs have, and keeps nothing of what it did not give", async () => {
  const budget = new MemoryBudget(1_000);
  const program = await budget.forProgram(900, {});
  assertEquals(budget.forWorkspace(200), undefined);
  program[Symbol.dispose]();
  using whole = budget.forWorkspace(500);
  assertEquals(whole !== undefined, true);
});

Deno.test("MemoryBudget gives up a wait that is aborted, with its reason", async () => {
  const budget = new MemoryBudget(100);
  using _all = await budget.forProgram(100, {});
  const reason = new Error("the client is gone");
  const waiting = budget.forProgram(1, { signal: AbortSignal.timeout(1) });
  await assertRejects(() => waiting, DOMException);
  await assertRejects(() => budget.forProgram(1, { signal: AbortSignal.abort(reason) }), Error, "the client is gone");
});

Deno.test("MemoryBudget has what waits give way to a program, and to what a session holds", async () => {
  const waiting: Disposable[] = [];
  const evictAll = () => {
    for (const one of waiting.splice(0)) one[Symbol.dispose]();
    return Promise.resolve();
  };
  const budget = new MemoryBudget(100, { evictAll });
  const wait = () => waiting.push(budget.forWarm(60) ?? { [Symbol.dispose]() {} });
  wait();
  using small = await budget.forProgram(40, {});
  assertEquals(waiting.length, 1);
  const large = await budget.forProgram(60, {});
  assertEquals(waiting.length, 0);
  large[Symbol.dispose]();
  small[Symbol.dispose]();
  wait();
  using session = await budget.forSession(45);
  assertEquals([session !== undefined, waiting.length], [true, 0]);
  assertEquals(await budget.forSession(6), undefined, "half of it is for programs");
});

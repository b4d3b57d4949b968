import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { Admission } from "../../src/engine/mod.ts";
import { MemoryBudget } from "../../src/concurrency/memory_budget.ts";
import { CALLER } from "../support/engine_of.ts";

const USAGE = { wallMs: 5, startupMs: 1, cpuMs: 3, peakMemoryBytes: null };

Deno.test("Admission.charge() charges the tenant, and fails nothing that ran when that cannot be written down", () => {
  const charged: unknown[] = [];
  const admission = new Admission({
    maxConcurrent: 1,
    quotas: {
      start: () => {},
      enter: () => Promise.resolve({ [Symbol.dispose]: () => {} }),
      charge: (principal, cpuMs) => {
        charged.push([principal, cpuMs]);
        throw new Error("database is locked");
      },
    },
  });
  admission.charge(CALLER.principal, { usage: USAGE });
  assertEquals(charged, [[CALLER.principal, USAGE.cpuMs]]);
});

Deno.test("Admission.enter() gives nobody a place whose memory is not free, and takes nothing for it", async () => {
  const memory = new MemoryBudget(300);
  const admission = new Admission({ maxConcurrent: 2, memory });
  const { signal } = new AbortController();
  const first = await admission.enter(CALLER.principal, { isPatient: false, memoryMb: 200, signal });
  await assertRejects(
    () => admission.enter(CALLER.principal, { isPatient: true, memoryMb: 301, signal }),
    CodeBeakerError,
    "all programs together may use 300 MB",
  );
  const leaving = AbortSignal.timeout(5);
  await assertRejects(
    () => admission.enter(CALLER.principal, { isPatient: true, memoryMb: 200, signal: leaving }),
    DOMException,
  );
  assertEquals(admission.running, 1);
  using _small = await admission.enter(CALLER.principal, { isPatient: false, memoryMb: 100, signal });
  first[Symbol.dispose]();
  using _second = await admission.enter(CALLER.principal, { isPatient: false, memoryMb: 200, signal });
  assertEquals(admission.running, 2);
});

Deno.test("The time without a program begins when the last one gives its place back", async () => {
  const admission = new Admission({ maxConcurrent: 2 });
  assertEquals(admission.idleMs, Infinity);
  const request = { isPatient: false, memoryMb: 0 };
  const first = await admission.enter(CALLER.principal, request);
  const second = await admission.enter(CALLER.principal, request);
  first[Symbol.dispose]();
  assertEquals(admission.idleMs, 0);
  const leftAt = performance.now();
  second[Symbol.dispose]();
  assert(admission.idleMs <= performance.now() - leftAt);
});

Deno.test("A place that is given back keeps its memory until everything is gone that may use it", async () => {
  const memory = new MemoryBudget(300);
  const admission = new Admission({ maxConcurrent: 2, memory });
  const { signal } = new AbortController();
  const first = await admission.enter(CALLER.principal, { isPatient: false, memoryMb: 200, signal });
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  first.keepMemoryUntil(one.promise);
  first.keepMemoryUntil(other.promise);
  first[Symbol.dispose]();
  assertEquals(admission.running, 0);
  let hasEntered = false;
  const second = admission.enter(CALLER.principal, { isPatient: true, memoryMb: 200, signal });
  second.then(() => hasEntered = true);
  one.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(hasEntered, false);
  other.resolve();
  using _second = await second;
});

Deno.test("Admission.enter() has nobody wait for memory who needs none", async () => {
  const admission = new Admission({ maxConcurrent: 3, memory: new MemoryBudget(300) });
  const { signal } = new AbortController();
  using _first = await admission.enter(CALLER.principal, { isPatient: false, memoryMb: 300, signal });
  const leaving = new AbortController();
  const waiting = admission.enter(CALLER.principal, { isPatient: true, memoryMb: 300, signal: leaving.signal });
  using _cell = await admission.enter(CALLER.principal, { isPatient: false, memoryMb: 0, signal });
  assertEquals(admission.running, 2);
  leaving.abort();
  await assertRejects(() => waiting, DOMException);
});

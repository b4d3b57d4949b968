import { assert, assertEquals } from "@std/assert";
import { delay } from "../../../src/concurrency/delay.ts";
import type { Slot } from "../../../src/runtimes/isolate/slot.ts";
import { Slots, type SlotsOptions } from "../../../src/runtimes/isolate/slots.ts";
import type { RuntimeHost } from "../../../src/runtimes/port.ts";
import { until } from "../../support/until.ts";
import type { Installation } from "../../../src/runtimes/process/installation.ts";

/** Slots that are all made before they are asked for, and are no processes. */
function openSlots({ log, memory, remove = () => Promise.resolve(), ...options }: SlotsOptions & {
  readonly log?: Pick<RuntimeHost["log"], "warning">;
  readonly memory?: Pick<NonNullable<RuntimeHost["memory"]>, "forWorkspace">;
  remove?(): Promise<void>;
} = {}): Slots {
  const make = () => ({ isAlive: true, programs: 0, [Symbol.asyncDispose]: remove }) as unknown as Slot;
  const pool = { onEvictAll: () => ({ [Symbol.dispose]() {} }), lease: () => Promise.resolve({ member: make() }) };
  return new Slots({ host: { pool, log, memory } } as unknown as Installation, options);
}

/** Whether as many slots as there are cores, lent for programs or for contexts, keep the next program waiting. */
async function keepsWaiting(isForContext: boolean): Promise<boolean> {
  await using slots = openSlots();
  await using leases = new AsyncDisposableStack();
  const demand = { tenant: "one", memoryMb: 64 };
  for (let lent = 0; lent < navigator.hardwareConcurrency; lent++) {
    leases.use(await slots.lease({ ...demand, isForContext }));
  }
  const next = slots.lease({ ...demand, isForContext: false }); // A wait takes a timer, and no slot does.
  const soon = delay(0).then(() => true);
  const isWaiting = await Promise.race([next.then(() => false), soon]);
  await soon; // No timer outlives the test.
  leases.use(await next);
  return isWaiting;
}

Deno.test("a program waits for slots that run programs, one for each core, and not for those of contexts", async () => {
  assertEquals([await keepsWaiting(false), await keepsWaiting(true)], [true, false]);
});

Deno.test("a program gets the slot that came back last, where that is ready, so that the others expire", async () => {
  await using slots = openSlots();
  const lease = () => slots.lease({ tenant: "one", memoryMb: 64, isForContext: false });
  const [first, last] = [await lease(), await lease()];
  for (const one of [first, last]) await one[Symbol.asyncDispose]();
  for (let count = 0; count < 3; count++) {
    await delay(20);
    await using next = await lease();
    assert(next.slot === last.slot);
  }
});

Deno.test("where no slot is ready, a program gets the one that is ready first, or the last one where cores are few", async () => {
  for (const cores of [4, 2]) {
    await using slots = openSlots({ cores, refillMs: 3_600_000 });
    const lease = () => slots.lease({ tenant: "one", memoryMb: 64, isForContext: false });
    const [first, last] = [await lease(), await lease()];
    for (const one of [first, last]) await one[Symbol.asyncDispose]();
    await using next = await lease();
    assert(next.slot === (cores > 2 ? first : last).slot);
  }
});

Deno.test("idle slots end when they were not needed for long, each in its time, and give their memory back", async () => {
  let removed = 0;
  let heldMb = 0;
  const memory = {
    forWorkspace(sizeMb: number) {
      heldMb += sizeMb;
      return { [Symbol.dispose]: () => void (heldMb -= sizeMb) };
    },
  };
  const remove = () => {
    removed++;
    return Promise.resolve();
  };
  await using slots = openSlots({ keepMs: 50, memory, remove });
  const lease = () => slots.lease({ tenant: "one", memoryMb: 64, isForContext: false });
  const [first, last] = [await lease(), await lease()];
  await first[Symbol.asyncDispose]();
  await delay(30);
  await last[Symbol.asyncDispose](); // The first one's time sets the timer, which is set again for this one.
  assert(heldMb > 0);
  await until(() => removed === 2, "both are removed");
  assertEquals(heldMb, 0);
  const again = await lease(); // The group was forgotten with its slots.
  assert(again.slot !== first.slot && again.slot !== last.slot);
  await again[Symbol.asyncDispose]();
  await until(() => removed === 3, "the next one is removed");
});

Deno.test("a tenant keeps as many idle slots as there are cores, whatever memory limits its programs name", async () => {
  let removed = 0;
  const slots = openSlots({ cores: 4, remove: () => Promise.resolve(void removed++) });
  const run = async (tenant: string, memoryMb: number) => {
    await using lease = await slots.lease({ tenant, memoryMb, isForContext: false });
    return lease.wasReady && lease.slot;
  };
  for (let memoryMb = 32; memoryMb < 132; memoryMb++) await run("one", memoryMb);
  assertEquals(removed, 96);
  const made = removed;
  for (const memoryMb of [128, 129, 130, 131]) await run("one", memoryMb); // The last four are kept.
  assertEquals(removed, made);
  for (let tenant = 0; tenant < 100; tenant++) await run(`tenant ${tenant}`, 64);
  assertEquals(removed - made, 100 - (4 * 8 - 4)); // All tenants have eight for each core together.
  await slots[Symbol.asyncDispose]();
  assertEquals(removed, 200);
});

Deno.test("a tenant's slot that comes back in place of one of the same limit is found again", async () => {
  await using slots = openSlots({ cores: 2, refillMs: 0 });
  const lease = (memoryMb: number) => slots.lease({ tenant: "one", memoryMb, isForContext: false });
  const [first, second, other] = [await lease(64), await lease(64), await lease(32)];
  for (const one of [first, other, second]) await one[Symbol.asyncDispose]();
  await using next = await lease(64);
  assert(next.slot === second.slot);
});

Deno.test("a slot that cannot be removed is logged, and fails no program", async () => {
  const warnings: unknown[] = [];
  await using slots = openSlots({
    log: { warning: (message, facts) => warnings.push([message, facts]) },
    remove: () => Promise.reject(new Error("busy")),
  });
  const lease = await slots.lease({ tenant: undefined, memoryMb: 64, isForContext: false });
  await lease[Symbol.asyncDispose]();
  assertEquals(warnings, [["slot.remove_failed", { error: "busy" }]]);
});

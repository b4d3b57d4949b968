import { assert, assertEquals, assertRejects } from "@std/assert";
import type { WarmMember } from "../../../src/runtimes/warm/warm_member.ts";
import { WarmSlot } from "../../../src/runtimes/warm/warm_slot.ts";

const MEMORY_MB = 10;

class FakeProcess implements WarmMember {
  isAlive = true;

  [Symbol.asyncDispose](): Promise<void> {
    this.isAlive = false;
    return Promise.resolve();
  }
}

/** A slot, and the memory that is free. */
class Bench implements AsyncDisposable {
  freeMb: number;
  readonly slot: WarmSlot<FakeProcess, string>;

  constructor({ freeMb = 100 } = {}) {
    this.freeMb = freeMb;
    this.slot = new WarmSlot({
      budget: { forWorkspace: (mb) => this.#lend(mb), forSession: (mb) => Promise.resolve(this.#lend(mb)) },
      memoryMb: MEMORY_MB,
      maxWaitMs: 5,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.slot[Symbol.asyncDispose]();
  }

  #lend(mb: number): Disposable | undefined {
    if (this.freeMb < mb) return undefined;
    this.freeMb -= mb;
    return { [Symbol.dispose]: () => void (this.freeMb += mb) };
  }
}

/** Starts a process that serves one key, at once or when the gate opens. */
function startOf(key: string, gate: Promise<void> = Promise.resolve()) {
  const started: FakeProcess[] = [];
  return {
    started,
    serves: (other: string) => other === key,
    start: async () => {
      await gate;
      const process = new FakeProcess();
      started.push(process);
      return process;
    },
  };
}

Deno.test("WarmSlot hands its process to a request that it serves, and holds memory until then", async () => {
  await using bench = new Bench();
  const { slot } = bench;
  assertEquals([slot.isAlive, slot.has("a"), await slot.take("a")], [false, false, undefined]);
  const a = startOf("a");
  await slot.prepare(a);
  assertEquals([slot.isAlive, slot.has("a"), slot.has("b"), bench.freeMb], [true, true, false, 90]);
  const process = await slot.take("a");
  assert(process === a.started[0]);
  assertEquals([process?.isAlive, slot.isAlive, bench.freeMb], [true, false, 100]);
});

Deno.test("WarmSlot ends its process for a request that it does not serve", async () => {
  await using bench = new Bench();
  const a = startOf("a");
  await bench.slot.prepare(a);
  assertEquals(await bench.slot.take("b"), undefined);
  assertEquals([a.started[0]?.isAlive, bench.slot.has("a"), bench.freeMb], [false, false, 100]);
});

Deno.test("WarmSlot hands out no process that has died", async () => {
  await using bench = new Bench();
  const a = startOf("a");
  await bench.slot.prepare(a);
  for (const process of a.started) process.isAlive = false;
  assertEquals([bench.slot.has("a"), await bench.slot.take("a"), bench.freeMb], [false, undefined, 100]);
});

Deno.test("WarmSlot starts nothing without memory, and gives it back when the start fails", async () => {
  await using poor = new Bench({ freeMb: MEMORY_MB - 1 });
  const a = startOf("a");
  await poor.slot.prepare(a);
  assertEquals([a.started.length, poor.slot.isAlive], [0, false]);

  await using bench = new Bench();
  await assertRejects(
    () => bench.slot.prepare(startOf("a", Promise.reject(new Error("no binary")))),
    Error,
    "no binary",
  );
  assertEquals([bench.slot.has("a"), bench.freeMb], [false, 100]);
});

Deno.test("WarmSlot.start() counts no memory until keep(), which ends the process where there is none", async () => {
  await using bench = new Bench();
  const { slot } = bench;
  await slot.keep();
  assertEquals(bench.freeMb, 100);
  await slot.start(startOf("a"));
  assertEquals(bench.freeMb, 100);
  await slot.keep();
  assertEquals(bench.freeMb, 90);
  await slot.keep();
  assertEquals([slot.isAlive, bench.freeMb], [true, 90]);
  bench.freeMb = 0;
  await slot.keep();
  assertEquals([slot.isAlive, bench.freeMb], [false, MEMORY_MB]);
});

Deno.test("WarmSlot has one process: another one takes its place, also of one that is starting", async () => {
  await using bench = new Bench();
  const gate = Promise.withResolvers<void>();
  const [a, b] = [startOf("a", gate.promise), startOf("b")];
  const preparing = [bench.slot.prepare(a), bench.slot.prepare(b)];
  assertEquals([bench.slot.has("a"), bench.slot.has("b"), b.started.length], [false, true, 0]);
  gate.resolve();
  await Promise.all(preparing);
  assertEquals([a.started[0]?.isAlive, b.started[0]?.isAlive, bench.freeMb], [false, true, 90]);
});

Deno.test("WarmSlot lets a request wait a little for a process that is starting, and keeps one that comes later", async () => {
  await using bench = new Bench();
  const gate = Promise.withResolvers<void>();
  const a = startOf("a", gate.promise);
  const preparing = bench.slot.prepare(a);
  assertEquals([await bench.slot.take("b"), await bench.slot.take("a"), await bench.slot.peek()], [
    undefined,
    undefined,
    undefined,
  ]);
  const taken = bench.slot.take("a");
  gate.resolve();
  await preparing;
  assert(await taken === a.started[0]);
});

Deno.test("WarmSlot.peek() leaves the process in the slot", async () => {
  await using bench = new Bench();
  const a = startOf("a");
  await bench.slot.prepare(a);
  assert(await bench.slot.peek() === a.started[0]);
  assertEquals(bench.slot.has("a"), true);
});

Deno.test("WarmSlot.clear() ends the process, and one that is starting as soon as it is there", async () => {
  await using bench = new Bench();
  const gate = Promise.withResolvers<void>();
  const [a, b] = [startOf("a"), startOf("b", gate.promise)];
  await bench.slot.prepare(a);
  await bench.slot.clear();
  assertEquals([a.started[0]?.isAlive, bench.freeMb], [false, 100]);
  const preparing = bench.slot.prepare(b);
  await Promise.resolve(); // It has begun to start.
  await bench.slot.clear();
  gate.resolve();
  await preparing;
  assertEquals([b.started.some(({ isAlive }) => isAlive), bench.slot.has("b"), bench.freeMb], [false, false, 100]);
});

Deno.test("WarmSlot that is disposed of waits for a process that is starting, ends it and starts none", async () => {
  const bench = new Bench();
  const gate = Promise.withResolvers<void>();
  const [a, b] = [startOf("a", gate.promise), startOf("b")];
  const preparing = bench.slot.prepare(a);
  const disposing = bench.slot[Symbol.asyncDispose]();
  gate.resolve();
  await Promise.all([preparing, disposing]);
  await bench.slot.prepare(b);
  assertEquals([a.started.some(({ isAlive }) => isAlive), b.started, bench.freeMb], [false, [], 100]);
});

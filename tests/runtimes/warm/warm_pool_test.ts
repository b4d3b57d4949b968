import { assert, assertEquals } from "@std/assert";
import { delay } from "../../../src/concurrency/delay.ts";
import { WarmPool, type WarmPoolOptions } from "../../../src/runtimes/warm/warm_pool.ts";
import type { ShelfOptions, WarmMember } from "../../../src/runtimes/warm/warm_shelf.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { until } from "../../support/until.ts";

/** Members that a test makes, and what became of them. */
class Workshop {
  made = 0;
  readonly members: FakeMember[] = [];
  readonly shelf: ShelfOptions<FakeMember>;
  makes: () => Promise<void> = () => Promise.resolve();

  constructor(options: Partial<ShelfOptions<FakeMember>> = {}) {
    this.shelf = {
      owner: "fake",
      min: 0,
      memoryMb: 10,
      make: async () => {
        this.made++;
        await this.makes();
        const member = new FakeMember();
        this.members.push(member);
        return member;
      },
      ...options,
    };
  }

  get removed(): number {
    return this.members.filter(({ isAlive }) => !isAlive).length;
  }
}

class FakeMember implements WarmMember {
  isAlive = true;
  leaves = () => Promise.resolve();

  async [Symbol.asyncDispose](): Promise<void> {
    this.isAlive = false;
    await this.leaves();
  }
}

/** Memory that is there as long as it is in the set. */
function promise(promised: Set<object>): Disposable {
  const memory = { [Symbol.dispose]: () => void promised.delete(memory) };
  promised.add(memory);
  return memory;
}

interface Bench extends AsyncDisposable {
  readonly pool: WarmPool;
  readonly clock: FakeClock;
  readonly faults: string[];
}

function openPool(options: Partial<WarmPoolOptions> = {}): Bench {
  const clock = new FakeClock();
  const faults: string[] = [];
  const pool = new WarmPool({
    clock,
    max: 4,
    idleMs: 60_000,
    promiseMemory: () => ({ [Symbol.dispose]: () => {} }),
    isBusy: () => false,
    onFault: (owner, reason) => faults.push(`${owner}: ${reason}`),
    ...options,
  });
  return { pool, clock, faults, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
}

/** Asks for one, uses it, and gives it back. */
async function use(pool: WarmPool, shelf: ShelfOptions<FakeMember>, kind = "kind"): Promise<boolean> {
  const lease = await pool.take(kind, shelf);
  await lease?.[Symbol.asyncDispose]();
  return lease !== undefined;
}

Deno.test("WarmPool makes nothing for what is asked for once, and keeps one ready of what is asked for often", async () => {
  await using bench = openPool();
  const { made, shelf } = new Workshop();
  assertEquals([await use(bench.pool, shelf), made], [false, 0]);
  const often = new Workshop();
  for (let asked = 0; asked < 3; asked++) assertEquals(await use(bench.pool, often.shelf, "often"), false);
  bench.clock.advance(250);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is ready");
  assertEquals(await use(bench.pool, often.shelf, "often"), true);
  const { hits, misses } = bench.pool.stateOf("fake");
  assertEquals([hits, misses], [1, 4]);
  await until(() => bench.pool.stateOf("fake").ready === 1, "the next one is ready");
  assertEquals(often.made, 2);
});

Deno.test("WarmPool keeps the minimum ready before anybody has come, and after everybody has gone", async () => {
  await using bench = openPool();
  const { members, shelf } = new Workshop({ min: 2 });
  bench.pool.stock("kind", shelf);
  await until(() => bench.pool.stateOf("fake").ready === 2, "two are ready");
  bench.clock.advance(3_600_000);
  assertEquals([bench.pool.stateOf("fake").ready, members.length], [2, 2]);
});

Deno.test("WarmPool keeps more of what comes faster, up to its maximum, and lets them go when nobody comes any more", async () => {
  let busy = true;
  await using bench = openPool({ max: 3, isBusy: () => busy });
  const workshop = new Workshop();
  workshop.makes = () => {
    bench.clock.advance(2_000); // One takes so long, and many come meanwhile.
    return Promise.resolve();
  };
  for (let asked = 0; asked < 200; asked++) await use(bench.pool, workshop.shelf);
  busy = false;
  bench.clock.advance(250);
  await until(() => bench.pool.stateOf("fake").ready === 3, "three are ready");
  bench.clock.advance(60_001);
  assertEquals(bench.pool.stateOf("fake").ready, 0);
  await until(() => workshop.removed === workshop.members.length, "they are removed");
});

Deno.test("WarmPool makes one thing at a time, and nothing while programs need the machine", async () => {
  let [busy, working, most] = [true, 0, 0];
  await using bench = openPool({ isBusy: () => busy });
  const workshop = new Workshop({ min: 3 });
  workshop.makes = async () => {
    most = Math.max(most, ++working);
    await delay(1);
    working--;
  };
  bench.pool.stock("one", workshop.shelf);
  bench.pool.stock("other", workshop.shelf);
  let errands = 0;
  bench.pool.soon({}, () => Promise.resolve(void errands++));
  await delay(10);
  bench.clock.advance(250);
  assertEquals([workshop.made, errands], [0, 0]);
  busy = false;
  bench.clock.advance(250);
  await until(() => bench.pool.stateOf("fake").ready === 6, "all are ready");
  assertEquals([most, errands], [1, 1]);
});

Deno.test("WarmPool does errands beside a member that is being made, one after the other", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  const gate = Promise.withResolvers<void>();
  workshop.makes = () => gate.promise;
  bench.pool.stock("kind", workshop.shelf);
  let [done, working, most] = [0, 0, 0];
  for (let errand = 0; errand < 3; errand++) {
    bench.pool.soon({}, async () => {
      most = Math.max(most, ++working);
      await delay(1);
      working--;
      done++;
    });
  }
  await until(() => done === 3, "the errands are done");
  assertEquals([most, workshop.made, workshop.members.length], [1, 1, 0]);
  gate.resolve();
});

Deno.test("WarmPool tries later and later what fails again and again, and soon again when it was well once", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  workshop.makes = () => Promise.reject(new Error("no room"));
  bench.pool.stock("kind", workshop.shelf);
  for (const [made, ms] of [[1, 5_000], [2, 10_000], [3, 20_000], [4, 40_000], [5, 60_000], [6, 60_000]] as const) {
    await until(() => bench.faults.length === made, "it is told");
    bench.clock.advance(ms - 250);
    await delay(1);
    assertEquals(workshop.made, made);
    bench.clock.advance(250);
  }
  workshop.makes = () => Promise.resolve();
  await until(() => bench.faults.length === 7, "it is told");
  bench.clock.advance(60_000);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is ready");
  workshop.makes = () => Promise.reject(new Error("no room"));
  assertEquals(await use(bench.pool, workshop.shelf), true);
  bench.clock.advance(250);
  await until(() => bench.faults.length === 8, "it is told");
  bench.clock.advance(5_000);
  await until(() => bench.faults.length === 9, "it is tried again");
});

Deno.test("WarmPool gives what is being made to who comes meanwhile, and lets nobody wait longer than for another", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  const gate = Promise.withResolvers<void>();
  workshop.makes = () => gate.promise;
  bench.pool.stock("kind", workshop.shelf);
  await until(() => workshop.made === 1, "one is being made");
  let hasWaited = false;
  const waiting = bench.pool.take("kind", workshop.shelf).finally(() => hasWaited = true);
  assertEquals([await bench.pool.take("kind", workshop.shelf), hasWaited], [undefined, false]);
  assertEquals(await waiting, undefined); // After the 100 ms that one may take.
  const lucky = bench.pool.take("kind", workshop.shelf);
  gate.resolve();
  await using lease = await lucky;
  assertEquals(lease?.member.isAlive, true);
});

Deno.test("WarmPool gives nobody a member that is dead, and makes another in its place", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  bench.pool.stock("kind", workshop.shelf);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is ready");
  for (const member of workshop.members) member.isAlive = false;
  assertEquals(await bench.pool.take("kind", workshop.shelf), undefined);
  bench.clock.advance(250);
  await until(() => workshop.members.length === 2, "another was made");
  await using lease = await bench.pool.take("kind", workshop.shelf);
  assert(lease?.member === workshop.members[1]);
});

Deno.test("WarmPool holds memory for what waits, none for what is used, and makes nothing without", async () => {
  let free = 25;
  await using bench = openPool({
    promiseMemory(memoryMb) {
      if (free < memoryMb) return undefined;
      free -= memoryMb;
      return { [Symbol.dispose]: () => free += memoryMb };
    },
  });
  const workshop = new Workshop({ min: 3 });
  bench.pool.stock("kind", workshop.shelf);
  await until(() => bench.pool.stateOf("fake").ready === 2, "two are ready");
  assertEquals(free, 5);
  await using _lease = await bench.pool.take("kind", workshop.shelf);
  assertEquals(free, 15);
});

Deno.test("WarmPool tells why nothing can be made, and tries again later", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  workshop.makes = () => Promise.reject(new Error("no room"));
  bench.pool.stock("kind", workshop.shelf);
  await until(() => bench.faults.length === 1, "it is told");
  bench.clock.advance(250);
  assertEquals([bench.faults, workshop.made], [["fake: no room"], 1]);
  workshop.makes = () => Promise.resolve();
  bench.clock.advance(5_000);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is ready");
});

Deno.test("WarmPool removes everything at its end, also what is being made then", async () => {
  const bench = openPool();
  const workshop = new Workshop({ min: 3 });
  workshop.makes = () => delay(5);
  bench.pool.stock("kind", workshop.shelf);
  await until(() => workshop.members.length > 0, "one is ready and one is being made");
  await bench[Symbol.asyncDispose]();
  assertEquals([workshop.removed, await use(bench.pool, workshop.shelf)], [workshop.members.length, false]);
});

Deno.test("WarmPool does of the errands of one the last", async () => {
  let isBusy = true;
  await using bench = openPool({ isBusy: () => isBusy });
  const done: string[] = [];
  const one = {};
  for (const [who, name] of [[one, "first"], [{}, "another's"], [one, "last"]] as const) {
    bench.pool.soon(who, () => Promise.resolve(void done.push(name)));
  }
  isBusy = false;
  bench.clock.advance(250);
  await until(() => done.length === 2, "they are done");
  assertEquals(done, ["last", "another's"]);
});

Deno.test("WarmPool remembers no more kinds than a few, the last ones, and nothing is left of one that was being made", async () => {
  const promised = new Set<object>();
  await using bench = openPool({ promiseMemory: () => promise(promised) });
  const workshop = new Workshop({ min: 0 });
  const gate = Promise.withResolvers<void>();
  workshop.makes = () => gate.promise;
  const ask = async (kind: string) => {
    for (let asked = 0; asked < 3; asked++) await bench.pool.take(kind, workshop.shelf);
  };
  await ask("first");
  bench.clock.advance(250);
  await until(() => workshop.made === 1, "one is being made");
  for (let kind = 0; kind < 64; kind++) await ask(String(kind));
  gate.resolve();
  await until(() => bench.pool.stateOf("fake").ready === 64, "all that are remembered are ready");
  assertEquals([workshop.made, workshop.removed, promised.size], [65, 1, 64]);
});

Deno.test("WarmPool keeps what is stocked, however many other kinds are asked for", async () => {
  await using bench = openPool();
  const stocked = new Workshop({ owner: "stocked", min: 1 });
  bench.pool.stock("stocked", stocked.shelf);
  for (let kind = 0; kind < 70; kind++) await bench.pool.take(String(kind), new Workshop().shelf);
  await until(() => bench.pool.stateOf("stocked").ready === 1, "it is ready");
});

Deno.test("WarmPool forgets a kind that nobody asks for any more, and gives its memory back when its members are gone", async () => {
  const promised = new Set<object>();
  await using bench = openPool({ promiseMemory: () => promise(promised) });
  const workshop = new Workshop();
  const left = Promise.withResolvers<void>();
  for (let asked = 0; asked < 3; asked++) await bench.pool.take("kind", workshop.shelf);
  bench.clock.advance(250);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is ready");
  for (const member of workshop.members) member.leaves = () => left.promise;
  bench.clock.advance(61_000);
  assertEquals([bench.pool.stateOf("fake").ready, promised.size], [0, 1]);
  left.resolve();
  await until(() => promised.size === 0, "the memory is given back");
});

Deno.test("WarmPool.evictAll() removes what waits, and lets others be made some time later", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 2 });
  bench.pool.stock("kind", workshop.shelf);
  await until(() => bench.pool.stateOf("fake").ready === 2, "two wait");
  await bench.pool.evictAll();
  assertEquals([bench.pool.stateOf("fake").ready, workshop.removed], [0, 2]);
  bench.clock.advance(1_000);
  await delay(0);
  assertEquals(workshop.made, 2);
  bench.clock.advance(5_000);
  await until(() => bench.pool.stateOf("fake").ready === 2, "two wait again");
});

Deno.test("WarmPool.evictAll() removes what is being made, too, as soon as it is there", async () => {
  const promised = new Set<object>();
  await using bench = openPool({ promiseMemory: () => promise(promised) });
  const workshop = new Workshop({ min: 1 });
  const made = Promise.withResolvers<void>();
  workshop.makes = () => made.promise;
  bench.pool.stock("kind", workshop.shelf);
  await until(() => workshop.made === 1, "one is being made");
  await bench.pool.evictAll();
  made.resolve();
  await until(() => workshop.removed === 1, "it is removed");
  assertEquals([bench.pool.stateOf("fake").ready, promised.size], [0, 0]);
});

Deno.test("WarmPool counts what its owners keep ready themselves", async () => {
  await using bench = openPool();
  bench.pool.count("fake", { wasReady: true });
  bench.pool.count("fake", { wasReady: false });
  assertEquals(bench.pool.stateOf("fake"), { ready: 0, hits: 1, misses: 1 });
});

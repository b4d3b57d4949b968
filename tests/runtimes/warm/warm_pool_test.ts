import { assert, assertEquals } from "@std/assert";
import { delay } from "../../../src/concurrency/delay.ts";
import { WarmPool, type WarmPoolOptions } from "../../../src/runtimes/warm/warm_pool.ts";
import type { WarmMember } from "../../../src/runtimes/warm/warm_member.ts";
import type { ShelfOptions } from "../../../src/runtimes/warm/warm_shelf.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { until } from "../../support/until.ts";

/** Makes members and keeps a list of them. */
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

/** Memory that is lent for as long as it is in the set. */
function lend(lent: Set<object>): Disposable {
  const memory = { [Symbol.dispose]: () => void lent.delete(memory) };
  lent.add(memory);
  return memory;
}

interface Bench extends AsyncDisposable {
  readonly pool: WarmPool;
  readonly clock: FakeClock;
  readonly failures: string[][];
}

function openPool(options: Partial<WarmPoolOptions> = {}): Bench {
  const clock = new FakeClock();
  const failures: string[][] = [];
  const pool = new WarmPool({
    clock,
    max: 4,
    idleMs: 60_000,
    lendMemory: () => ({ [Symbol.dispose]: () => {} }),
    isBusy: () => false,
    onFailure: (event, { error, owner }) => failures.push([event, owner, error]),
    ...options,
  });
  return { pool, clock, failures, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
}

/** Leases a member and retires it: whether there was one. */
async function use(pool: WarmPool, shelf: ShelfOptions<FakeMember>, kind = "kind"): Promise<boolean> {
  const lease = await pool.lease(kind, shelf);
  await lease?.[Symbol.asyncDispose]();
  return lease !== undefined;
}

Deno.test("WarmPool.lease() keeps a kind warm that is requested often, and none that is requested once", async () => {
  await using bench = openPool();
  const { made, shelf } = new Workshop();
  assertEquals([await use(bench.pool, shelf), made], [false, 0]);
  const often = new Workshop();
  for (let asked = 0; asked < 3; asked++) assertEquals(await use(bench.pool, often.shelf, "often"), false);
  bench.clock.advance(250);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is warm");
  assertEquals(await use(bench.pool, often.shelf, "often"), true);
  const { hits, misses } = bench.pool.stateOf("fake");
  assertEquals([hits, misses], [1, 4]);
  await until(() => bench.pool.stateOf("fake").ready === 1, "the next one is warm");
  assertEquals(often.made, 2);
});

Deno.test("WarmPool.warmUp() keeps the minimum warm, without any request, and after one that asked for none", async () => {
  await using bench = openPool();
  const { members, shelf } = new Workshop({ min: 2 });
  await bench.pool.lease("kind", { ...shelf, min: 0 });
  bench.pool.warmUp("kind", shelf);
  await until(() => bench.pool.stateOf("fake").ready === 2, "two are warm");
  bench.clock.advance(3_600_000);
  assertEquals([bench.pool.stateOf("fake").ready, members.length], [2, 2]);
});

Deno.test("WarmPool keeps more of a kind at a higher request rate, up to the maximum, and none when idle", async () => {
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
  await until(() => bench.pool.stateOf("fake").ready === 3, "three are warm");
  bench.clock.advance(60_001);
  assertEquals(bench.pool.stateOf("fake").ready, 0);
  await until(() => workshop.removed === workshop.members.length, "they are removed");
});

Deno.test("WarmPool makes one member at a time, and none while programs need the machine", async () => {
  let [busy, working, most] = [true, 0, 0];
  await using bench = openPool({ isBusy: () => busy });
  const workshop = new Workshop({ min: 3 });
  workshop.makes = async () => {
    most = Math.max(most, ++working);
    await delay(1);
    working--;
  };
  bench.pool.warmUp("one", workshop.shelf);
  bench.pool.warmUp("other", workshop.shelf);
  let tasks = 0;
  bench.pool.schedule({}, () => Promise.resolve(void tasks++));
  await delay(10);
  bench.clock.advance(250);
  assertEquals([workshop.made, tasks], [0, 0]);
  busy = false;
  bench.clock.advance(250);
  await until(() => bench.pool.stateOf("fake").ready === 6, "all are warm");
  assertEquals([most, tasks], [1, 1]);
});

Deno.test("WarmPool runs tasks beside a member that is being made, one after the other", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  const gate = Promise.withResolvers<void>();
  workshop.makes = () => gate.promise;
  bench.pool.warmUp("kind", workshop.shelf);
  let [done, working, most] = [0, 0, 0];
  for (let task = 0; task < 3; task++) {
    bench.pool.schedule({}, async () => {
      most = Math.max(most, ++working);
      await delay(1);
      working--;
      done++;
    });
  }
  await until(() => done === 3, "the tasks are done");
  assertEquals([most, workshop.made, workshop.members.length], [1, 1, 0]);
  gate.resolve();
});

Deno.test("WarmPool doubles its pause after each failure, and begins anew after a success", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  workshop.makes = () => Promise.reject(new Error("no room"));
  bench.pool.warmUp("kind", workshop.shelf);
  for (const [made, ms] of [[1, 5_000], [2, 10_000], [3, 20_000], [4, 40_000], [5, 60_000], [6, 60_000]] as const) {
    await until(() => bench.failures.length === made, "the failure is reported");
    bench.clock.advance(ms - 250);
    await delay(1);
    assertEquals(workshop.made, made);
    bench.clock.advance(250);
  }
  workshop.makes = () => Promise.resolve();
  await until(() => bench.failures.length === 7, "the failure is reported");
  bench.clock.advance(60_000);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is warm");
  workshop.makes = () => Promise.reject(new Error("no room"));
  assertEquals(await use(bench.pool, workshop.shelf), true);
  bench.clock.advance(250);
  await until(() => bench.failures.length === 8, "the failure is reported");
  bench.clock.advance(5_000);
  await until(() => bench.failures.length === 9, "it is tried again");
});

Deno.test("WarmPool leases a member that is being made, and lets a request wait no longer than a new one takes", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  const gate = Promise.withResolvers<void>();
  workshop.makes = () => gate.promise;
  bench.pool.warmUp("kind", workshop.shelf);
  await until(() => workshop.made === 1, "one is being made");
  let hasWaited = false;
  const waiting = bench.pool.lease("kind", workshop.shelf).finally(() => hasWaited = true);
  assertEquals([await bench.pool.lease("kind", workshop.shelf), hasWaited], [undefined, false]);
  assertEquals(await waiting, undefined); // After the 100 ms that one may take.
  const lucky = bench.pool.lease("kind", workshop.shelf);
  gate.resolve();
  await using lease = await lucky;
  assertEquals(lease?.member.isAlive, true);
});

Deno.test("WarmPool leases no dead member, and replaces it", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  bench.pool.warmUp("kind", workshop.shelf);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is warm");
  for (const member of workshop.members) member.isAlive = false;
  assertEquals(await bench.pool.lease("kind", workshop.shelf), undefined);
  bench.clock.advance(250);
  await until(() => workshop.members.length === 2, "another was made");
  await using lease = await bench.pool.lease("kind", workshop.shelf);
  assert(lease?.member === workshop.members[1]);
});

Deno.test("WarmPool holds memory for warm members, none for leased ones, and makes none without memory", async () => {
  let free = 25;
  await using bench = openPool({
    lendMemory(memoryMb) {
      if (free < memoryMb) return undefined;
      free -= memoryMb;
      return { [Symbol.dispose]: () => free += memoryMb };
    },
  });
  const workshop = new Workshop({ min: 3 });
  bench.pool.warmUp("kind", workshop.shelf);
  await until(() => bench.pool.stateOf("fake").ready === 2, "two are warm");
  assertEquals(free, 5);
  await using _lease = await bench.pool.lease("kind", workshop.shelf);
  assertEquals(free, 15);
});

Deno.test("WarmPool reports why no member can be made, and tries again later", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 1 });
  workshop.makes = () => Promise.reject(new Error("no room"));
  bench.pool.warmUp("kind", workshop.shelf);
  await until(() => bench.failures.length === 1, "the failure is reported");
  bench.clock.advance(250);
  assertEquals([bench.failures, workshop.made], [[["start_failed", "fake", "no room"]], 1]);
  workshop.makes = () => Promise.resolve();
  bench.clock.advance(5_000);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is warm");
});

Deno.test("WarmPool that is disposed of removes every member, also one that is being made", async () => {
  const bench = openPool();
  const workshop = new Workshop({ min: 3 });
  workshop.makes = () => delay(5);
  bench.pool.warmUp("kind", workshop.shelf);
  await until(() => workshop.members.length > 0, "one is ready and one is being made");
  await bench[Symbol.asyncDispose]();
  assertEquals([workshop.removed, await use(bench.pool, workshop.shelf)], [workshop.members.length, false]);
});

Deno.test("WarmPool runs the last task of each client", async () => {
  let isBusy = true;
  await using bench = openPool({ isBusy: () => isBusy });
  const done: string[] = [];
  const one = {};
  for (const [who, name] of [[one, "first"], [{}, "another's"], [one, "last"]] as const) {
    bench.pool.schedule(who, () => Promise.resolve(void done.push(name)));
  }
  isBusy = false;
  bench.clock.advance(250);
  await until(() => done.length === 2, "they are done");
  assertEquals(done, ["last", "another's"]);
});

Deno.test("WarmPool has at most 64 kinds, the last requested ones, and drops a member of another that is being made", async () => {
  const lent = new Set<object>();
  await using bench = openPool({ lendMemory: () => lend(lent) });
  const workshop = new Workshop({ min: 0 });
  const gate = Promise.withResolvers<void>();
  workshop.makes = () => gate.promise;
  const ask = async (kind: string) => {
    for (let asked = 0; asked < 3; asked++) await bench.pool.lease(kind, workshop.shelf);
  };
  await ask("first");
  bench.clock.advance(250);
  await until(() => workshop.made === 1, "one is being made");
  for (let kind = 0; kind < 64; kind++) await ask(String(kind));
  gate.resolve();
  await until(() => bench.pool.stateOf("fake").ready === 64, "all kinds are warm");
  assertEquals([workshop.made, workshop.removed, lent.size], [65, 1, 64]);
});

Deno.test("WarmPool keeps a kind with a minimum, however many others are requested", async () => {
  await using bench = openPool();
  const stocked = new Workshop({ owner: "stocked", min: 1 });
  bench.pool.warmUp("stocked", stocked.shelf);
  for (let kind = 0; kind < 70; kind++) await bench.pool.lease(String(kind), new Workshop().shelf);
  await until(() => bench.pool.stateOf("stocked").ready === 1, "it is warm");
});

Deno.test("WarmPool discards an idle kind, and frees its memory when its members are removed", async () => {
  const lent = new Set<object>();
  await using bench = openPool({ lendMemory: () => lend(lent) });
  const workshop = new Workshop();
  const left = Promise.withResolvers<void>();
  for (let asked = 0; asked < 3; asked++) await bench.pool.lease("kind", workshop.shelf);
  bench.clock.advance(250);
  await until(() => bench.pool.stateOf("fake").ready === 1, "one is warm");
  for (const member of workshop.members) member.leaves = () => left.promise;
  bench.clock.advance(61_000);
  assertEquals([bench.pool.stateOf("fake").ready, lent.size], [0, 1]);
  left.resolve();
  await until(() => lent.size === 0, "the memory is given back");
});

Deno.test("WarmPool.evictAll() removes the warm members, and makes none for a while", async () => {
  await using bench = openPool();
  const workshop = new Workshop({ min: 2 });
  bench.pool.warmUp("kind", workshop.shelf);
  await until(() => bench.pool.stateOf("fake").ready === 2, "two are warm");
  let others = 0;
  const evict = () => Promise.resolve(void others++);
  {
    using _evicting = bench.pool.onEvictAll(evict);
    await bench.pool.evictAll();
    assertEquals([bench.pool.stateOf("fake").ready, workshop.removed, others], [0, 2, 1]);
  }
  await bench.pool.evictAll();
  assertEquals(others, 1);
  bench.clock.advance(1_000);
  await delay(0);
  assertEquals(workshop.made, 2);
  bench.clock.advance(5_000);
  await until(() => bench.pool.stateOf("fake").ready === 2, "two are warm again");
});

Deno.test("WarmPool.evictAll() drops a member that is being made", async () => {
  const lent = new Set<object>();
  await using bench = openPool({ lendMemory: () => lend(lent) });
  const workshop = new Workshop({ min: 1 });
  const made = Promise.withResolvers<void>();
  workshop.makes = () => made.promise;
  bench.pool.warmUp("kind", workshop.shelf);
  await until(() => workshop.made === 1, "one is being made");
  await bench.pool.evictAll();
  made.resolve();
  await until(() => workshop.removed === 1, "it is removed");
  assertEquals([bench.pool.stateOf("fake").ready, lent.size], [0, 0]);
});

Deno.test("WarmPool.count() adds to the hits and misses of an owner", async () => {
  await using bench = openPool();
  bench.pool.count("fake", { isHit: true });
  bench.pool.count("fake", { isHit: false });
  assertEquals(bench.pool.stateOf("fake"), { ready: 0, hits: 1, misses: 1 });
});

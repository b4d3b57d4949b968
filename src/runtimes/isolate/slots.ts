import { settledWithin } from "../../concurrency/delay.ts";
import { ReusedTimer } from "../../concurrency/reused_timer.ts";
import { messageOf } from "../../core/errors.ts";
import type { Installation } from "../process/installation.ts";
import { KEEP_MS } from "../warm/hold_idle.ts";
import { writeAddon } from "./addon.ts";
import { PROCESS_MEMORY_MB, WEB } from "./facts.ts";
import { ADDON, findPart } from "./release.ts";
import { RUNTIME_NAME } from "./settings.ts";
import { Slot } from "./slot.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";

/** The time that a start is assumed to take before any was measured. */
const INITIAL_START_MS = 100;
/** How long a program waits at a time for a slot that comes free. */
const MIN_WAIT_MS = 50;
const REFILL_MS = 10;
/** The cores that a program, the service and its client use. A slot that makes an isolate needs another one. */
const BUSY_CORES = 2;
/**
 * Most idle slots of all tenants, for each core. A slot takes 26 MB, and a tenant has a group for each memory limit that
 * its requests name: 104 groups kept 2.7 GB.
 */
const IDLE_FOR_EACH_CORE = 8;
/** The most programs that a slot runs. */
const MAX_PROGRAMS = 2_000;

/** Options of the slots of a host. */
export interface SlotsOptions {
  /** How long an idle slot is kept, in ms; a minute when absent. */
  readonly keepMs?: number;
  /** The cores of the machine, which are the most slots that a tenant keeps. Absent, they are counted. */
  readonly cores?: number;
  /** How long an idle slot probably makes its next isolate, in ms; 10 when absent. */
  readonly refillMs?: number;
}

/** A request for a slot. */
export interface SlotDemand {
  /** The tenant whose programs the slot may have run. Undefined for a slot that has run none. */
  readonly tenant: string | undefined;
  readonly memoryMb: number;
  /** Whether the slot is for a context. No program waits for it, as a context mostly waits itself. */
  readonly isForContext: boolean;
  /** Whether the slot that waits for any tenant is left to others; absent, no. */
  readonly startsCold?: boolean;
}

/** A slot that was lent for one program or context. Disposing gives it back. */
export interface SlotLease extends AsyncDisposable {
  readonly slot: Slot;
  /** Whether the slot was ready before the request. */
  readonly wasReady: boolean;
}

/** The slots of one tenant and memory limit. */
interface Group {
  readonly tenant: string;
  readonly memoryMb: number;
  /** In the order in which they became idle. */
  readonly idle: IdleSlot[];
  /** Ends idle slots. It is set for the first of them, or earlier. */
  readonly expiry: ReusedTimer;
  /** Programs that wait for a slot, the first to come first. */
  readonly waiting: (() => void)[];
  /** Slots that run a program, or are starting for a program or a context. */
  busy: number;
  starting: number;
  /** Programs that have yet to get a slot. */
  asking: number;
}

/** The use of a lent slot. */
interface SlotUse {
  /** The group that the slot returns to; undefined where it runs nothing else. */
  readonly group: Group | undefined;
  readonly isForContext: boolean;
}

/** A slot that waits for its tenant's next program. */
interface IdleSlot {
  readonly slot: Slot;
  /** When it became idle, in ms of `performance.now`. */
  readonly since: number;
  /** Gives the slot's memory back; undefined where memory is not counted. */
  readonly memory: Disposable | undefined;
}

/** The slots of one host. A slot that has run a program serves its tenant alone. Disposing ends all. */
export class Slots implements AsyncDisposable {
  readonly #installation: Installation;
  readonly #keepMs: number;
  readonly #cores: number;
  readonly #refillMs: number;
  /** The groups by tenant and memory limit. */
  readonly #groups = new Map<string, Map<number, Group>>();
  readonly #ending = new Set<Promise<void>>();
  readonly #evicting: Disposable | undefined;
  #addonPath: string | undefined;
  /** How long the last start took. */
  #startMs = INITIAL_START_MS;
  #isDisposed = false;

  constructor(
    installation: Installation,
    { cores = navigator.hardwareConcurrency, keepMs = KEEP_MS, refillMs = REFILL_MS }: SlotsOptions = {},
  ) {
    this.#installation = installation;
    this.#keepMs = keepMs;
    this.#cores = cores;
    this.#refillMs = refillMs;
    this.#evicting = installation.host.pool?.onEvictAll(() => this.#endIdle([...this.#groups.keys()]));
  }

  /** Keeps a slot warm that has run nothing, with the default limits. */
  warmUp(): void {
    const { memoryMb } = DEFAULT_LIMITS;
    this.#installation.host.pool?.warmUp(kindOf(memoryMb), this.#shelf(memoryMb, 1));
  }

  /** Lends a slot for one program or context. @throws {CodeBeakerError} `runtime_unavailable` */
  async lease({ isForContext, memoryMb, startsCold = false, tenant }: SlotDemand): Promise<SlotLease> {
    if (tenant === undefined) return await this.#leaseNew(memoryMb, { group: undefined, isForContext, startsCold });
    const group = this.#groupOf(tenant, memoryMb);
    group.asking++;
    try {
      const idle = this.#takeIdle(group) ?? await this.#waitFor(group);
      if (idle === undefined) return await this.#leaseNew(memoryMb, { group, isForContext, startsCold });
      return this.#lent(idle, { group, isForContext, wasReady: true });
    } finally {
      group.asking--;
      this.#dropUnused(group);
    }
  }

  /** Ends the idle slots of a tenant that is gone. */
  async forget(tenant: string): Promise<void> {
    const ended = this.#endIdle([tenant]);
    for (const { expiry } of this.#groups.get(tenant)?.values() ?? []) expiry[Symbol.dispose]();
    this.#groups.delete(tenant);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#evicting?.[Symbol.dispose]();
    await this.#endIdle([...this.#groups.keys()]);
    await Promise.all(this.#ending);
  }

  /** Ends the idle slots of some tenants, and frees their memory at once. */
  async #endIdle(tenants: readonly string[]): Promise<void> {
    const groups = tenants.flatMap((tenant) => [...this.#groups.get(tenant)?.values() ?? []]);
    const ended = groups.flatMap(({ idle }) => idle.splice(0)).map((one) => this.#release(one));
    for (const group of groups) this.#dropUnused(group);
    await Promise.all(ended);
  }

  #groupOf(tenant: string, memoryMb: number): Group {
    const groups = this.#groups.get(tenant) ?? new Map<number, Group>();
    this.#groups.set(tenant, groups);
    const known = groups.get(memoryMb);
    if (known !== undefined) return known;
    const expiry = new ReusedTimer(() => this.#expire(group));
    const group: Group = { tenant, memoryMb, idle: [], expiry, waiting: [], busy: 0, starting: 0, asking: 0 };
    groups.set(memoryMb, group);
    return group;
  }

  /** Forgets a group without slots, beside those of contexts. Tenants and limits are many. */
  #dropUnused(group: Group): void {
    const { asking, busy, idle, memoryMb, tenant } = group;
    if (!this.#isKnown(group) || asking > 0 || busy > 0 || idle.length > 0) return;
    group.expiry[Symbol.dispose]();
    const groups = this.#groups.get(tenant);
    groups?.delete(memoryMb);
    if (groups?.size === 0) this.#groups.delete(tenant);
  }

  /** Whether a group's idle slots would be found. A context may outlive its group. */
  #isKnown(group: Group): boolean {
    return this.#groups.get(group.tenant)?.get(group.memoryMb) === group;
  }

  /**
   * Takes the slot that came back last and is probably ready. So slots that few programs do not need expire. Where none
   * is ready, it takes the one that has been idle longest, which is ready first. Without a core for the isolates of other
   * slots, it takes the one that came back last: the service would wait for those isolates.
   */
  #takeIdle({ idle }: Group): Slot | undefined {
    const readySince = performance.now() - this.#refillMs;
    while (idle.length > 0) {
      const at = this.#cores > BUSY_CORES
        ? Math.max(0, idle.findLastIndex(({ since }) => since <= readySince))
        : idle.length - 1;
      for (const one of idle.splice(at, 1)) {
        one.memory?.[Symbol.dispose]();
        if (one.slot.isAlive) return one.slot;
        this.#end(one.slot);
      }
    }
    return undefined;
  }

  /**
   * Waits for a free slot, where there is one for each core. It waits as long as a new slot would take, and longer
   * while so many are starting: further ones would only slow each other down.
   */
  async #waitFor(group: Group): Promise<Slot | undefined> {
    const cores = this.#cores;
    const deadline = performance.now() + this.#startMs;
    while (group.busy >= cores) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 && group.starting < cores) return undefined;
      const free = Promise.withResolvers<void>();
      group.waiting.push(free.resolve);
      await settledWithin(free.promise, Math.max(leftMs, MIN_WAIT_MS));
      const at = group.waiting.indexOf(free.resolve);
      if (at >= 0) group.waiting.splice(at, 1);
      const slot = this.#takeIdle(group);
      if (slot !== undefined) return slot;
    }
    return undefined;
  }

  /** Lends a slot that has run nothing. */
  async #leaseNew(
    memoryMb: number,
    { startsCold, ...use }: SlotUse & { readonly startsCold: boolean },
  ): Promise<SlotLease> {
    using _starting = countStart(use.group);
    const { pool } = this.#installation.host;
    const warm = startsCold ? undefined : await pool?.lease(kindOf(memoryMb), this.#shelf(memoryMb, 0));
    const slot = warm?.member ?? await this.#start(memoryMb);
    return this.#lent(slot, { ...use, wasReady: warm !== undefined });
  }

  #lent(slot: Slot, { group, isForContext, wasReady }: SlotUse & { readonly wasReady: boolean }): SlotLease {
    const busy = isForContext ? 0 : 1;
    if (group !== undefined) group.busy += busy;
    let isBack = false;
    return {
      slot,
      wasReady,
      [Symbol.asyncDispose]: async () => {
        if (isBack) return;
        isBack = true;
        if (group !== undefined) group.busy -= busy;
        await this.#takeBack(slot, group);
        group?.waiting.shift()?.();
        if (group !== undefined) this.#dropUnused(group);
      },
    };
  }

  /** Keeps a slot for its tenant's next program. Ends it where it is of no use, or there is no memory for it. */
  async #takeBack(slot: Slot, group: Group | undefined): Promise<void> {
    const isOver = this.#isDisposed || !slot.isAlive || slot.programs >= MAX_PROGRAMS;
    if (group === undefined || isOver || !this.#isKnown(group) || !this.#makesRoom(group)) {
      return await this.#end(slot);
    }
    const budget = this.#installation.host.memory;
    const memory = budget?.forWorkspace(PROCESS_MEMORY_MB);
    if (budget !== undefined && memory === undefined) return await this.#end(slot);
    group.idle.push({ slot, since: performance.now(), memory });
    if (group.idle.length === 1) group.expiry.set(this.#keepMs);
  }

  /** Whether a group may keep one more idle slot. For it, the tenant's slot of another group that is idle longest ends. */
  #makesRoom(group: Group): boolean {
    const groups = [...this.#groups.values()].flatMap((ofTenant) => [...ofTenant.values()]);
    const own = groups.filter(({ tenant }) => tenant === group.tenant);
    if (group.idle.length >= this.#cores) return false;
    if (countIdle(own) < this.#cores) return countIdle(groups) < this.#cores * IDLE_FOR_EACH_CORE;
    const [longest] = own.filter(({ idle }) => idle.length > 0).toSorted((one, other) =>
      (one.idle[0]?.since ?? 0) - (other.idle[0]?.since ?? 0)
    );
    for (const one of longest?.idle.splice(0, 1) ?? []) this.#release(one);
    if (longest !== undefined && longest !== group) this.#dropUnused(longest);
    return true;
  }

  /** Ends the slots of a group that have been idle for long. */
  #expire(group: Group): void {
    const now = performance.now();
    while (group.idle[0] !== undefined && now - group.idle[0].since >= this.#keepMs) {
      for (const one of group.idle.splice(0, 1)) this.#release(one);
    }
    const [next] = group.idle;
    if (next === undefined) this.#dropUnused(group);
    else group.expiry.set(next.since + this.#keepMs - now);
  }

  #release({ memory, slot }: IdleSlot): Promise<void> {
    memory?.[Symbol.dispose]();
    return this.#end(slot);
  }

  /** Ends a slot. A failure is only logged: mostly nothing waits for it, and no program's answer depends on it. */
  #end(slot: Slot): Promise<void> {
    const { log } = this.#installation.host;
    const ending = slot[Symbol.asyncDispose]()
      .catch((error: unknown) => log.warning("slot.remove_failed", { error: messageOf(error) }))
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }

  async #start(memoryMb: number): Promise<Slot> {
    const { host, scratchDirectory } = this.#installation;
    this.#addonPath ??= writeAddon(findPart(ADDON, host), scratchDirectory);
    const startedAt = performance.now();
    const slot = await Slot.start(this.#installation, { addonPath: this.#addonPath, memoryMb });
    this.#startMs = performance.now() - startedAt;
    return slot;
  }

  #shelf(memoryMb: number, min: number) {
    return { owner: RUNTIME_NAME, min, memoryMb: PROCESS_MEMORY_MB, make: () => this.#start(memoryMb) };
  }
}

function countIdle(groups: readonly Group[]): number {
  return groups.reduce((sum, { idle }) => sum + idle.length, 0);
}

/** Counts a slot as busy while it starts. */
function countStart(group: Group | undefined): Disposable {
  if (group === undefined) return { [Symbol.dispose]() {} };
  group.busy++;
  group.starting++;
  return {
    [Symbol.dispose]() {
      group.busy--;
      group.starting--;
    },
  };
}

/** The key of slots that any tenant may get. */
function kindOf(memoryMb: number): string {
  return JSON.stringify([RUNTIME_NAME, WEB, memoryMb]);
}

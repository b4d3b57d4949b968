import { SYSTEM_CLOCK } from "../concurrency/clock.ts";
import { settledWithin } from "../concurrency/delay.ts";
import { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { Instance } from "../host/instance.ts";
import { preloadFirst } from "../runtimes/registry.ts";
import type { Assembled } from "./assembly.ts";
import { type Door, doorOf } from "./door.ts";
import { openGround } from "./ground.ts";
import { openMemoryStorage, openServiceStorage } from "./home_storage.ts";
import { Rehearsal } from "./rehearsal.ts";
import { endUnfinished, maintainStorage } from "./retention.ts";
import { composeRuntimes, type RuntimeOptions } from "./runtimes.ts";
import { QUIET_MS, StartupProbes } from "./startup_probes.ts";
import { openPool } from "./warm.ts";

/** Longest wait until the first program starts, in ms. Then the service opens all the same. */
const FIRST_START_MS = 500;

/** Time without a request after which the service rehearses, in ms. */
const REHEARSAL_QUIET_MS = 20;

/** All parts of one service. Disposing drains the service and leaves nothing behind. */
export interface Service extends Door, Pick<Assembled, "engine" | "selector" | "hasKeys" | "fetch" | "ports"> {
  readonly probes: Pick<StartupProbes, "firstAvailable" | "allAnswered">;
}

/** Options of a service. */
export interface ServiceOptions extends RuntimeOptions {
  /** Whether the service is one beside the home's own, and keeps nothing. Absent, it is the home's own. */
  readonly isPassing?: boolean;
}

/**
 * Builds the one service of a home, which does not listen yet. Children run twice at its start: they test the layers,
 * and a program tests the first runtime. Meanwhile the service loads the code that it needs next.
 *
 * @throws {CodeBeakerError} `invalid_request` when another service has the home, or its storage cannot be opened;
 * `internal` when the storage cannot be written
 */
export async function composeService(
  config: Config,
  { isPassing = false, ...options }: ServiceOptions = {},
): Promise<Service> {
  await using building = new AsyncDisposableStack();
  let assembled: Assembled | undefined = undefined; // Until then nothing is busy.
  const clock = SYSTEM_CLOCK;
  const memory: MemoryBudget = new MemoryBudget(config.memoryBudgetMb, {
    warmMb: config.warmMemoryMb,
    evictAll: async () => await pool?.evictAll(),
  });
  const ground = building.use(
    await openGround(config, {
      memory,
      loadMeanwhile: preloadFirst,
      openInstance: (home) => isPassing ? Instance.openPassing(home) : Instance.openLasting(home),
    }),
  );
  const storage = building.use(
    isPassing ? openMemoryStorage(config) : openServiceStorage(config, { hasInstance: ground.instance !== undefined }),
  );
  endUnfinished(storage);
  building.use(maintainStorage(storage, clock));
  const recoverable = new Set(storage.sessions.open().map(({ environmentId }) => environmentId));
  const runtimesOwner = building.use(new AsyncDisposableStack()); // The pool goes before the runtimes of its members.
  const isBusy = () => (assembled?.admission.running ?? 0) >= navigator.hardwareConcurrency;
  const pool = building.use(openPool(config, { clock, memory, isBusy }));
  const { runtimes } = runtimesOwner.use(composeRuntimes(config, { ...options, ground, memory, pool, recoverable }));
  const probes = building.use(new StartupProbes(runtimes));
  // To load code takes this thread's time, so the program that tests the first runtime starts before.
  await settledWithin(Promise.race([ground.confinement.firstStart, probes.firstAnswer]), FIRST_START_MS);
  const { assembleService } = await import("./assembly.ts");
  assembled = building.use(
    await assembleService(config, { ground, clock, memory, pool, recoverable, runtimes, storage }),
  );
  const { admission, engine, fetch, hasKeys, open, ports, quietMs, selector, sockets } = assembled;
  const isServing = () => !admission.isOpen || admission.running > 0 || quietMs() < REHEARSAL_QUIET_MS;
  const rehearsal = building.use(new Rehearsal(config, { clock, ground, runtimes }, { isBusy: isServing }));
  const owned = building.move();
  probes.probeOthers(() => admission.idleMs < QUIET_MS);
  const openDoor = () => {
    const listener = open();
    if (config.probe) rehearsal.begin();
    return listener;
  };
  return { engine, selector, probes, hasKeys, fetch, ports, ...doorOf({ open: openDoor, sockets, engine, owned }) };
}

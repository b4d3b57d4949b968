import { Keyring } from "../access/mod.ts";
import { AuditLog } from "../audit/mod.ts";
import { ByteBudget } from "../concurrency/byte_budget.ts";
import { SYSTEM_CLOCK } from "../concurrency/clock.ts";
import { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { messageOf } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { type Engine, observers } from "../engine/mod.ts";
import { Instance } from "../host/instance.ts";
import { log } from "../log.ts";
import { Metrics, type MetricSources } from "../metrics.ts";
import type { RuntimeSelector } from "../runtimes/selection/selector.ts";
import type { Listener } from "../server/mod.ts";
import { Sessions } from "../sessions/mod.ts";
import { Uploads } from "../workspace/uploads.ts";
import { type Door, doorOf } from "./door.ts";
import { composeEngine, type EngineParts, type RuntimeOptions } from "./engine.ts";
import { StartupProbes } from "./startup_probes.ts";
import { openGround } from "./ground.ts";
import { openServiceStorage } from "./home_storage.ts";
import { openPool, prepareAhead } from "./preparation.ts";
import { endUnfinished, maintainStorage } from "./retention.ts";
import { watchRevocations } from "./revocation.ts";

/** Bytes that the requests of one tenant may hold at least, however small the largest body may be. */
const MIN_TENANT_REQUEST_BYTES = 64 * MEBIBYTE;

/** How long after the service listens it loads the metrics library and parsers: the start and the first requests go first. */
const LOAD_DELAY_MS = 1_000;

/** Everything that one service is made of. Disposing drains it and leaves nothing behind. */
export interface Service extends Door {
  readonly engine: Engine;
  readonly selector: RuntimeSelector;
  readonly probes: Pick<StartupProbes, "firstAvailable" | "allAnswered">;
  /** Whether clients need a key. */
  hasKeys(): boolean;
  readonly fetch: (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) => Response | Promise<Response>;
}

/**
 * Builds the one service of a home; nothing of it listens yet.
 *
 * @throws {CodeBeakerError} `invalid_request` when another service has the home, or its storage cannot be opened;
 *   `internal` when that cannot be written
 */
export async function composeService(config: Config, options: RuntimeOptions = {}): Promise<Service> {
  await using building = new AsyncDisposableStack();
  const clock = SYSTEM_CLOCK;
  const memory: MemoryBudget = new MemoryBudget(config.memoryBudgetMb, {
    warmMb: config.warmMemoryMb,
    evictAll: async () => await parts.pool?.evictAll(),
  });
  const ground = building.use(await openGround(config, { memory, openInstance: (home) => Instance.openLasting(home) }));
  const storage = building.use(openServiceStorage(config, { hasInstance: ground.instance !== undefined }));
  endUnfinished(storage);
  building.use(maintainStorage(storage, clock));
  const recoverable = new Set(storage.sessions.open().map(({ environmentId }) => environmentId));
  const keyring = new Keyring({ keys: storage.keys, audit: storage.audit, configured: config.apiKeys, clock });
  const metrics: Metrics = new Metrics({
    queueLength: () => parts.executions.queuedCount,
    running: () => parts.admission.running,
    sessions: () => sessions.count,
    contexts: () => sessions.contextCount,
    requestBytes: () => requests.heldBytes,
    pools: () => poolStates(parts),
  });
  const observer = observers([metrics, new AuditLog(storage.audit, { keepsSource: config.keepSource })]);
  const parts: EngineParts = building.use(
    await composeEngine(config, {
      ...{ ...options, ground, memory, storage, observer, recoverable },
      openPool: (whenBusy) => openPool(config, { ...whenBusy, clock, memory }),
      hasKeys: () => keyring.hasKeys(),
    }),
  );
  const { engine, executions, needs, selector } = parts;
  const probes = building.use(new StartupProbes(parts.runtimes));
  building.use(prepareAhead(config, { ...parts, clock, memory }));
  const { createApp, listen, RPC_LIMITS, RpcSockets } = await import("../server/mod.ts"); // While self-tests run.
  const sessions = building.use(new Sessions({ ...parts, ...config, store: storage.sessions, observer, clock }));
  await sessions.recover((environmentId) => recoverable.delete(environmentId));
  const { allowOrigins, maxBodyBytes } = config;
  const requests = requestBudget(maxBodyBytes);
  const sockets = building.use(new RpcSockets({ ...RPC_LIMITS, maxMessageBytes: maxBodyBytes }, requests));
  building.use(watchRevocations({ keyring, sessions, executions, sockets }, clock));
  const uploads = new Uploads(ground.scratchDirectory);
  const app = createApp({
    ...{ engine, sessions, metrics, observer, uploads, sockets, requests, maxBodyBytes, allowOrigins },
    keys: keyring,
  });
  const fetch: Service["fetch"] = (request, info) => app.fetch(request, info);
  function open(): Listener {
    const listener = listen({ host: config.host, port: config.port, hasKeys: keyring.hasKeys(), fetch });
    const loading = setTimeout(() => {
      metrics.load();
      needs.load().catch((error: unknown) => log.error("needs.load_failed", { error: messageOf(error) }));
    }, LOAD_DELAY_MS);
    owned.defer(() => clearTimeout(loading));
    return listener;
  }
  const owned = building.move();
  probes.probeOthers();
  return {
    ...{ engine, selector, probes, hasKeys: () => keyring.hasKeys(), fetch },
    ...doorOf({ open, sockets, engine, owned }),
  };
}

/** The budget for bodies of requests: of one tenant four of the largest, and four times that in all. */
function requestBudget(maxBodyBytes: number): ByteBudget {
  const maxOwnerBytes = Math.max(4 * maxBodyBytes, MIN_TENANT_REQUEST_BYTES);
  return new ByteBudget({ maxBytes: 4 * maxOwnerBytes, maxOwnerBytes });
}

/** The state of the pool by the runtime that it keeps environments for. */
function poolStates({ pool, runtimes }: EngineParts): ReturnType<MetricSources["pools"]> {
  return pool === undefined ? [] : runtimes.map(({ name }) => ({ runtime: name, ...pool.stateOf(name) }));
}

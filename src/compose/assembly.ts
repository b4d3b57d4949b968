import { Keyring } from "../access/mod.ts";
import { AuditLog } from "../audit/mod.ts";
import { ByteBudget } from "../concurrency/byte_budget.ts";
import type { Clock } from "../concurrency/clock.ts";
import type { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { messageOf } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { LatencyWindow, observers } from "../engine/mod.ts";
import type { ActivityPort } from "../engine/port.ts";
import { log } from "../log.ts";
import { Metrics, type MetricSources } from "../metrics.ts";
import type { ExecutionRuntime } from "../runtimes/port.ts";
import type { WarmPool } from "../runtimes/warm/warm_pool.ts";
import {
  type AppOptions,
  createApp,
  type Handler,
  handlerOf,
  listen,
  type Listener,
  Mcp,
  ServerSockets,
  SOCKET_LIMITS,
} from "../server/mod.ts";
import { Sessions } from "../sessions/mod.ts";
import type { Storage } from "../storage/storage.ts";
import { Uploads } from "../workspace/uploads.ts";
import { keepActivity, readActivity } from "./activity.ts";
import { composeEngine, type EngineParts } from "./engine.ts";
import type { Ground } from "./ground.ts";
import { homeFaultsOf } from "./home_fault.ts";
import { prepareAhead } from "./preparation.ts";
import { watchRevocations } from "./revocation.ts";

/** Least bytes that the requests of one tenant may hold. It applies however small the largest body may be. */
const MIN_TENANT_REQUEST_BYTES = 64 * MEBIBYTE;

/** Most bytes of what clients miss while they are away. */
const MISSED = { maxBytes: 128 * MEBIBYTE, maxOwnerBytes: 32 * MEBIBYTE };

/**
 * Time after the service listens until it loads the metrics library and parsers. The start and the first requests go
 * first.
 */
const LOAD_DELAY_MS = 1_000;

/** The parts of a service below those that answer requests. */
export interface Foundations {
  readonly clock: Clock;
  readonly ground: Pick<Ground, "scratchDirectory">;
  /** Whether the service only rehearses; absent, it does not. */
  readonly isRehearsal?: boolean;
  readonly memory: MemoryBudget;
  readonly pool: WarmPool | undefined;
  /** Ids of environments that an earlier service left. Each leaves the set once its session is recovered or lost. */
  readonly recoverable: Set<string>;
  readonly runtimes: readonly ExecutionRuntime[];
  readonly storage: Storage;
}

/** The parts of a service that answer requests. Disposing ends them, but not their foundations. */
export interface Assembled extends Pick<EngineParts, "admission" | "engine" | "selector">, AsyncDisposable {
  readonly sockets: ServerSockets;
  /** What an interface answers from. */
  readonly ports: Pick<AppOptions, "engine" | "sessions" | "observer">;
  readonly fetch: Handler;
  /** Whether clients need a key. */
  hasKeys(): boolean;
  /** Time since the last request, in ms. */
  quietMs(): number;
  /**
   * Opens the configured address.
   *
   * @throws {CodeBeakerError} `invalid_request`
   */
  open(): Listener;
}

/** Assembles engine, sessions and HTTP application on their foundations. None of them listens yet. */
export async function assembleService(config: Config, foundations: Foundations): Promise<Assembled> {
  await using building = new AsyncDisposableStack();
  const { clock, ground, isRehearsal = false, memory, pool, recoverable, runtimes, storage } = foundations;
  const keyring = new Keyring({ keys: storage.keys, audit: storage.audit, configured: config.apiKeys, clock });
  const hasKeys = () => keyring.hasKeys();
  const figures: MetricSources = {
    queueLength: () => executions.queuedCount,
    running: () => admission.running,
    sessions: () => sessions.count,
    contexts: () => sessions.contextCount,
    requestBytes: () => requests.heldBytes,
    pools: () => pool === undefined ? [] : runtimes.map(({ name }) => ({ runtime: name, ...pool.stateOf(name) })),
  };
  const metrics = new Metrics(figures);
  const latencies = new LatencyWindow();
  const observer = observers([metrics, latencies, new AuditLog(storage.audit, { keepsSource: config.keepSource })]);
  const parts = building.use(
    composeEngine(config, { ground, memory, pool, runtimes, storage, observer, hasKeys }),
  );
  const { admission, engine, executions, needs, selector } = parts;
  building.use(prepareAhead(config, { admission, clock, memory, selector }));
  const sessions = building.use(new Sessions({ ...parts, ...config, store: storage.sessions, observer, clock }));
  await sessions.recover((environmentId) => recoverable.delete(environmentId));
  const { allowOrigins, maxBodyBytes } = config;
  const requests = requestBudget(maxBodyBytes);
  const sockets = building.use(new ServerSockets({ ...SOCKET_LIMITS, maxMessageBytes: maxBodyBytes }, requests));
  building.use(watchRevocations({ keyring, sessions, executions, sockets }, clock));
  const mcp = building.use(new Mcp({ clock, engine, sessions, observer }));
  const uploads = new Uploads(ground.scratchDirectory);
  const counted: Pick<Metrics, "expose"> = {
    expose() {
      executions.recordEnded(); // Their counts are among the metrics.
      return metrics.expose();
    },
  };
  const activity: ActivityPort = {
    read: keepActivity(() => {
      executions.recordEnded(); // Their latencies are among them.
      return readActivity({ figures, latencies, runtimes, now: clock.now() });
    }, () => clock.elapsed()),
  };
  const app = createApp({
    ...{ engine, sessions, observer, uploads, sockets, mcp, requests, maxBodyBytes, allowOrigins, isRehearsal },
    missed: new ByteBudget(MISSED),
    metrics: counted,
    activity,
    keys: keyring,
    findFaults: homeFaultsOf(config, clock),
    limitPolicy: selector.limitPolicy,
  });
  const handle = handlerOf(app);
  let lastRequestAt = -Infinity;
  const fetch: Assembled["fetch"] = (request, info) => {
    lastRequestAt = clock.elapsed();
    return handle(request, info);
  };
  function open(): Listener {
    const listener = listen({ host: config.host, port: config.port, hasKeys: hasKeys(), fetch });
    const loading = setTimeout(() => {
      metrics.load();
      needs.load().catch((error: unknown) => log.error("needs.load_failed", { error: messageOf(error) }));
    }, LOAD_DELAY_MS);
    owned.defer(() => clearTimeout(loading));
    return listener;
  }
  const owned = building.move();
  return {
    ...{ admission, engine, selector, sockets, fetch, hasKeys, open },
    ports: { engine, sessions, observer },
    quietMs: () => clock.elapsed() - lastRequestAt,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Makes the budget for bodies of requests. One tenant may hold four of the largest bodies, and all tenants four times
 * that.
 */
function requestBudget(maxBodyBytes: number): ByteBudget {
  const maxOwnerBytes = Math.max(4 * maxBodyBytes, MIN_TENANT_REQUEST_BYTES);
  return new ByteBudget({ maxBytes: 4 * maxOwnerBytes, maxOwnerBytes });
}

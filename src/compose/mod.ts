import { Keyring, Quotas } from "../access/mod.ts";
import type { Config } from "../config.ts";
import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import {
  Admission,
  Dispatcher,
  Engine,
  Executions,
  type Machine,
  observers,
  ServiceStatus,
  StartProbe,
} from "../engine/mod.ts";
import { homeHasKeys, openServiceStorage } from "./home_storage.ts";
import { log } from "../log.ts";
import { Metrics } from "../metrics.ts";
import { createRuntimes } from "../runtimes/registry.ts";
import type { ExecutionRuntime, RuntimeHost } from "../runtimes/port.ts";
import { RuntimeSelector } from "../runtimes/selection/selector.ts";
import { createApp, listen, type Listener, RPC_LIMITS, RpcSockets } from "../server/mod.ts";
import { Sessions } from "../sessions/mod.ts";
import { AuditLog } from "../audit/mod.ts";
import type { Storage } from "../storage/storage.ts";
import { ByteBudget } from "../concurrency/byte_budget.ts";
import { SYSTEM_CLOCK } from "../concurrency/clock.ts";
import { Confinement, releaseLeftovers } from "../sandbox/confinement.ts";
import { giveBackMemory } from "../host/free_memory.ts";
import { Instance } from "../host/instance.ts";
import { checkMachine } from "../sandbox/machine_checks.ts";
import { machineMemoryMb } from "../host/machine_memory.ts";
import { MemoryBudget } from "../concurrency/memory_budget.ts";
import { SelfTestResults } from "../runtimes/self_test/self_test_results.ts";
import { Scratch } from "../host/scratch.ts";
import { WarmPool, type WarmPoolOptions } from "../runtimes/warm/warm_pool.ts";
import { Uploads } from "../workspace/uploads.ts";

/** Everything that one service is made of. Disposing drains it and leaves nothing behind. */
export interface Service extends AsyncDisposable {
  readonly engine: Engine;
  readonly selector: RuntimeSelector;
  readonly fetch: (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) => Response | Promise<Response>;
  /**
   * Opens the HTTP door on the configured address; disposing closes it first.
   *
   * @throws {CodeBeakerError} `invalid_request`
   */
  listen(): Listener;
}

/** How often it is looked whose keys were revoked. */
const REVOCATION_INTERVAL_MS = 1_000;
/** How often it is looked what is kept longer than it should be. */
const PRUNE_INTERVAL_MS = 600_000;
/** How often it is tried to write what could not be written before. */
const CATCH_UP_INTERVAL_MS = 1_000;

/** What requests of one tenant may hold at least, however small the largest body may be. */
const MIN_TENANT_REQUEST_BYTES = 64 * MEBIBYTE;

/** How a service is built. */
export interface ComposeOptions {
  /** Whether it is the one service of its home, or a process that comes and goes beside it. */
  readonly identity: "lasting" | "passing";
  /** What makes its runtimes; absent, all there are. */
  readonly createRuntimes?: (host: RuntimeHost) => ExecutionRuntime[];
  /** Whether its runtimes prove themselves again, whatever was proven before. */
  readonly rerunsSelfTests?: boolean;
}

/**
 * Builds a service; nothing of it listens yet.
 *
 * @throws {CodeBeakerError} `invalid_request` when another service has the home, or what it keeps cannot be opened;
 *   `internal` when it cannot be written
 */
export async function composeService(config: Config, options: ComposeOptions): Promise<Service> {
  await using building = new AsyncDisposableStack();
  const scratch = await Scratch.open(config.scratch, { release: releaseLeftovers }).catch((error: unknown) => {
    log.warning("no temporary directory can be made", { parent: config.scratch, error: messageOf(error) });
    return undefined;
  });
  if (scratch !== undefined) building.use(scratch);
  const memory: MemoryBudget = new MemoryBudget(config.memoryBudgetMb, {
    warmMb: config.warmMemoryMb,
    evictAll: async () => await pool?.evictAll(),
  });
  const confinement = building.use(
    scratch === undefined ? Confinement.none() : await Confinement.detect(scratch.path, {
      promiseMemory: (bytes) => memory.forWorkspace(Math.ceil(bytes / MEBIBYTE)),
    }),
  );
  const instance = await openInstance(config.home, options.identity);
  if (instance !== undefined) building.use(instance);
  const storage = building.use(openServiceStorage(config, { ...options, hasInstance: instance !== undefined }));
  endUnfinished(storage);
  prune(storage);
  const recoverable = new Set(storage.sessions.open().map(({ environmentId }) => environmentId));
  const selfTestResults = new SelfTestResults(
    instance === undefined || options.rerunsSelfTests === true ? undefined : config.home,
  );
  const clock = SYSTEM_CLOCK;
  const pool: WarmPool | undefined = options.identity === "lasting" && config.warmMax > 0
    ? openPool(config, { clock, memory, isBusy: () => admission.running >= navigator.hardwareConcurrency })
    : undefined;
  const lent = { scratchDirectory: scratch?.path, confinement, instance, selfTestResults, memory, recoverable, pool };
  const host = runtimeHost(config, lent);
  const runtimes = (options.createRuntimes ?? createRuntimes)(host);
  for (const runtime of runtimes) building.use(runtime);
  if (pool !== undefined) building.use(pool);
  if (options.identity === "lasting") beginProving(runtimes);
  const selector = new RuntimeSelector(runtimes, { minIsolation: config.minIsolation });
  if (options.identity === "lasting") building.use(giveBackMemory(clock));
  building.use(clock.every(PRUNE_INTERVAL_MS, () => prune(storage)));
  building.use(clock.every(CATCH_UP_INTERVAL_MS, () => storage.catchUp()));
  const admission: Admission = new Admission({
    maxConcurrent: config.maxConcurrent,
    memory,
    quotas: new Quotas({ usage: storage.usage, clock }),
  });
  const metrics: Metrics = new Metrics({
    queueLength: () => executions.queuedCount,
    running: () => admission.running,
    sessions: () => sessions.count,
    contexts: () => sessions.contextCount,
    requestBytes: () => requests.heldBytes,
    pools: () => pool === undefined ? [] : runtimes.map(({ name }) => ({ runtime: name, ...pool.stateOf(name) })),
  });
  const observer = observers([metrics, new AuditLog(storage.audit, { keepsSource: config.keepSource })]);
  const dispatcher = new Dispatcher({ selector, policy: config, observer });
  const executions = new Executions({ store: storage.executions, observer, drainMs: config.drainMs });
  const sessions = building.use(
    new Sessions({
      dispatcher,
      admission,
      executions,
      store: storage.sessions,
      observer,
      clock,
      maxSessions: config.maxSessions,
      allowInstall: config.allowInstall,
    }),
  );
  const keyring = new Keyring({ keys: storage.keys, audit: storage.audit, configured: config.apiKeys, clock });
  const machine = machineOf(config, { scratch: scratch?.path, memory, hasKeys: () => keyring.hasKeys() });
  const status = new ServiceStatus({
    selector,
    machine,
    ...(pool === undefined ? {} : { poolOf: (runtime: string) => pool.stateOf(runtime) }),
  });
  const engine = building.use(new Engine({ dispatcher, admission, executions, status }));
  if (options.identity === "lasting" && config.probe) {
    const isBusy = () => !admission.isOpen || admission.running > 0;
    building.use(new StartProbe({ selector, memory, isBusy })).begin();
  }
  await sessions.restore((environmentId) => recoverable.delete(environmentId));
  const { maxBodyBytes } = config;
  const requests = requestBudget(maxBodyBytes);
  const sockets = building.use(new RpcSockets({ ...RPC_LIMITS, maxMessageBytes: maxBodyBytes }, requests));
  building.use(clock.every(REVOCATION_INTERVAL_MS, () => endRevoked({ keyring, sessions, executions, sockets })));
  const uploads = new Uploads(scratch?.path);
  const app = createApp({
    engine,
    sessions,
    keys: keyring,
    metrics,
    observer,
    uploads,
    sockets,
    requests,
    maxBodyBytes,
  });
  const fetch: Service["fetch"] = (request, info) => app.fetch(request, info);
  const open = () => listen({ host: config.host, port: config.port, hasKeys: keyring.hasKeys(), fetch });
  return { engine, selector, fetch, ...doorOf({ open, sockets, engine, owned: building.move() }) };
}

/** What requests may hold while they come and wait: of one tenant four of the largest, and four times that in all. */
function requestBudget(maxBodyBytes: number): ByteBudget {
  const maxOwnerBytes = Math.max(4 * maxBodyBytes, MIN_TENANT_REQUEST_BYTES);
  return new ByteBudget({ maxBytes: 4 * maxOwnerBytes, maxOwnerBytes });
}

/** What is made ahead of time. */
function openPool(
  { warmIdleMs, warmMax }: Config,
  { clock, isBusy, memory }: Pick<WarmPoolOptions, "clock" | "isBusy"> & { readonly memory: MemoryBudget },
): WarmPool {
  return new WarmPool({
    clock,
    max: warmMax,
    idleMs: warmIdleMs,
    promiseMemory: (memoryMb) => memory.forWarm(memoryMb),
    isBusy,
    onFault: (owner, reason) => log.warning("nothing can be made ahead of time", { for: owner, error: reason }),
  });
}

/** Has each runtime prove itself now, so that the first request that needs it waits less. */
function beginProving(runtimes: readonly ExecutionRuntime[]): void {
  for (const runtime of runtimes) {
    runtime.isAvailable().catch((error: unknown) =>
      log.error("a runtime cannot be loaded", { runtime: runtime.name, error: messageOf(error) })
    );
  }
}

/**
 * What the service rests on beside its runtimes. Keys may be kept in the home also where this process keeps nothing.
 */
function machineOf(
  config: Config,
  { hasKeys, memory, scratch }: {
    readonly scratch: string | undefined;
    readonly memory: MemoryBudget;
    hasKeys(): boolean;
  },
): Machine {
  const keys = () => {
    const isThere = hasKeys() || homeHasKeys(config);
    const detail = isThere ? "every request must bring one" : "none: whoever uses this machine is let in, on loopback";
    return { name: "keys", good: true, detail };
  };
  return {
    memory: { machineMb: machineMemoryMb(), budgetMb: memory.totalMb },
    check: async () => [...await checkMachine({ home: config.home, scratch }), keys()],
  };
}

/** What every runtime gets, whichever it is. */
function runtimeHost(
  config: Config,
  { pool, ...parts }:
    & Pick<RuntimeHost, "scratchDirectory" | "confinement" | "instance" | "selfTestResults" | "memory" | "recoverable">
    & { readonly pool: WarmPool | undefined },
): RuntimeHost {
  return {
    ...parts,
    ...(pool === undefined ? {} : { pool }),
    openNetworks: config.openNetworks,
    settings: config.runtimes,
    searchPath: config.searchPath,
    log: {
      info: (message, facts) => log.info(message, facts),
      warning: (message, facts) => log.warning(message, facts),
    },
  };
}

/** The door of a service, which is opened when it is asked for and once; with its end everything ends. */
function doorOf({ open, sockets, engine, owned }: {
  open(): Listener;
  readonly sockets: RpcSockets;
  readonly engine: Engine;
  readonly owned: AsyncDisposableStack;
}): Pick<Service, "listen" | typeof Symbol.asyncDispose> {
  let listener: Listener | undefined;
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const drained = engine[Symbol.asyncDispose]();
    await sockets.drain(drained); // The listener's own end would close them before they have answered.
    await sockets[Symbol.asyncDispose]();
    await listener?.close(() => drained);
    await owned.disposeAsync();
  }
  return { listen: () => listener ??= open(), [Symbol.asyncDispose]: () => closing ??= close() };
}

/**
 * Ends as interrupted what a lost service left.
 *
 * @throws {CodeBeakerError} `internal` when that cannot be written down
 */
function endUnfinished(storage: Storage): void {
  try {
    storage.executions.endUnfinished();
  } catch (cause) {
    throw new CodeBeakerError(
      "internal",
      `Cannot start as what an earlier service left unfinished cannot be written down: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function prune(storage: Storage): void {
  try {
    storage.prune(new Date());
  } catch (error) {
    log.warning("what is kept too long cannot be removed now", { error: messageOf(error) });
  }
}

/** What a key opened ends when it is revoked, which another process may do. */
function endRevoked({ keyring, sessions, executions, sockets }: {
  readonly keyring: Keyring;
  readonly sessions: Sessions;
  readonly executions: Executions;
  readonly sockets: RpcSockets;
}): void {
  try {
    const tenants = keyring.revokedTenants();
    if (tenants.size === 0) return;
    sessions.closeTenants(tenants, "key_revoked");
    executions.interruptTenants(tenants, "its key was revoked");
    sockets.refuseTenants(tenants);
  } catch (error) {
    log.warning("which keys were revoked cannot be read now", { error: messageOf(error) });
  }
}

/** Without a directory for it there is no identity: then nothing is made that could outlive this process. */
async function openInstance(home: string | undefined, identity: "lasting" | "passing"): Promise<Instance | undefined> {
  if (home === undefined) return undefined;
  try {
    return await (identity === "lasting" ? Instance.openLasting(home) : Instance.openPassing(home));
  } catch (error) {
    if (error instanceof CodeBeakerError) throw error;
    log.warning("no home directory can be kept", { home, error: messageOf(error) });
    return undefined;
  }
}

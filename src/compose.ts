import { Keyring, Quotas } from "./access/mod.ts";
import type { Config } from "./config.ts";
import { CodeBeakerError, messageOf } from "./core/errors.ts";
import { MEBIBYTE } from "./core/limits.ts";
import { Admission, Engine, Executions, observers, Placement } from "./engine/mod.ts";
import { log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import type { ImageBuildOptions } from "./runtimes/docker/image_builder.ts";
import { parseSettings } from "./runtimes/docker/settings.ts";
import { createRuntimes } from "./runtimes/mod.ts";
import type { ExecutionRuntime, RuntimeHost } from "./runtimes/runtime.ts";
import { RuntimeSelector } from "./runtimes/selector.ts";
import { createApp, listen, type Listener, RPC_LIMITS, RpcSockets } from "./server/mod.ts";
import { Sessions } from "./sessions/mod.ts";
import { AuditLog, openStorage, type StorageOptions } from "./storage/mod.ts";
import type { Storage } from "./storage/storage.ts";
import { SYSTEM_CLOCK } from "./system/clock.ts";
import { Confinement } from "./system/confinement.ts";
import { Instance } from "./system/instance.ts";
import { Scratch } from "./system/scratch.ts";
import { Uploads } from "./system/uploads.ts";

/** Everything that one service is made of. Disposing drains it and leaves nothing behind. */
export interface Service extends AsyncDisposable {
  readonly engine: Engine;
  readonly selector: RuntimeSelector;
  readonly fetch: (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) => Response | Promise<Response>;
  /** Opens the HTTP door on the configured address; disposing closes it first. @throws {CodeBeakerError} `invalid_request` */
  listen(): Listener;
}

/** How often it is looked whose keys were revoked. */
const REVOCATION_INTERVAL_MS = 1_000;
/** How often it is looked what is kept longer than it should be. */
const PRUNE_INTERVAL_MS = 600_000;
const DATABASE = "codebeaker.db";
const HOUR_MS = 3_600_000;

/** How a service is built. */
export interface ComposeOptions {
  /** Whether it is the one service of its home, or a process that comes and goes beside it. */
  readonly identity: "lasting" | "passing";
  /** What makes its runtimes; absent, all there are. */
  readonly createRuntimes?: (host: RuntimeHost) => ExecutionRuntime[];
}

/**
 * Builds a service; nothing of it listens yet.
 *
 * @throws {CodeBeakerError} `invalid_request` when another service has the home, or what it keeps cannot be opened; `internal`
 *   when it cannot be written
 */
export async function composeService(config: Config, options: ComposeOptions): Promise<Service> {
  await using building = new AsyncDisposableStack();
  const scratch = await Scratch.open(config.scratch).catch((error: unknown) => {
    log.warning("no temporary directory can be made", { parent: config.scratch, error: messageOf(error) });
    return undefined;
  });
  if (scratch !== undefined) building.use(scratch);
  const confinement = building.use(scratch === undefined ? Confinement.none() : await Confinement.detect(scratch.path));
  const instance = await openInstance(config.home, options.identity);
  if (instance !== undefined) building.use(instance);
  const storage = building.use(openServiceStorage(config, { ...options, instance }));
  endUnfinished(storage);
  prune(storage);
  const survivors = new Set(storage.sessions.open().map(({ environmentId }) => environmentId));
  const host = runtimeHost(config, { scratchDirectory: scratch?.path, confinement, instance, survivors });
  const runtimes = (options.createRuntimes ?? createRuntimes)(host);
  for (const runtime of runtimes) building.use(runtime);
  const selector = new RuntimeSelector(runtimes, { minIsolation: config.minIsolation });
  const clock = SYSTEM_CLOCK;
  building.use(clock.every(PRUNE_INTERVAL_MS, () => prune(storage)));
  const admission = new Admission({
    maxConcurrent: config.maxConcurrent,
    quotas: new Quotas({ usage: storage.usage, clock }),
  });
  const metrics: Metrics = new Metrics({
    queueLength: () => executions.queuedCount,
    running: () => admission.running,
    sessions: () => sessions.count,
  });
  const observer = observers([metrics, new AuditLog(storage.audit, { keepsSource: config.keepSource })]);
  const placement = new Placement({ selector, policy: config, observer });
  const executions = new Executions({ store: storage.executions, observer, drainMs: config.drainMs });
  const sessions = building.use(
    new Sessions({
      placement,
      admission,
      executions,
      store: storage.sessions,
      observer,
      clock,
      maxSessions: config.maxSessions,
      allowInstall: config.allowInstall,
    }),
  );
  const engine = building.use(new Engine({ placement, admission, executions }));
  await sessions.restore((environmentId) => survivors.delete(environmentId));
  const keyring = new Keyring({ keys: storage.keys, audit: storage.audit, configured: config.apiKeys, clock });
  const { maxBodyBytes } = config;
  const sockets = building.use(new RpcSockets({ ...RPC_LIMITS, maxMessageBytes: maxBodyBytes }));
  building.use(clock.every(REVOCATION_INTERVAL_MS, () => endRevoked({ keyring, sessions, executions, sockets })));
  const uploads = new Uploads(scratch?.path);
  const app = createApp({ engine, sessions, keys: keyring, metrics, observer, uploads, sockets, maxBodyBytes });
  const fetch: Service["fetch"] = (request, info) => app.fetch(request, info);
  const open = () => listen({ host: config.host, port: config.port, hasKeys: keyring.hasKeys(), fetch });
  return { engine, selector, fetch, ...doorOf({ open, sockets, engine, owned: building.move() }) };
}

/** What every runtime gets, whichever it is. */
function runtimeHost(
  config: Config,
  parts: Pick<RuntimeHost, "scratchDirectory" | "confinement" | "instance" | "survivors">,
): RuntimeHost {
  return {
    ...parts,
    openNetworks: config.openNetworks,
    settings: { deno: { binary: config.denoBinary, npmRegistry: config.npmRegistry }, docker: dockerSettings(config) },
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
 * What a service keeps. Without an identity it is in memory, unless its home may hold keys: a service that did not see them
 * would let in whoever has none.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
function openServiceStorage(
  config: Config,
  { identity, instance }: Pick<ComposeOptions, "identity"> & { readonly instance: Instance | undefined },
): Storage {
  const isKept = identity === "lasting" && (instance !== undefined || isThere(`${config.home}/${DATABASE}`));
  return isKept ? openHomeStorage(config) : openStorage(undefined, retentionOf(config));
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // Whatever it is, nobody can have kept keys in it.
  }
}

/** What a home keeps, for the service itself and for the command line beside it. @throws {CodeBeakerError} `invalid_request` */
export function openHomeStorage(config: Config): Storage {
  if (config.home === undefined) {
    throw new CodeBeakerError(
      "invalid_request",
      "Cannot keep anything as there is no home directory: name one with --home",
    );
  }
  return openStorage(`${config.home}/${DATABASE}`, retentionOf(config));
}

function retentionOf(config: Config): StorageOptions {
  return {
    outputRetentionMs: config.outputRetentionHours * HOUR_MS,
    maxStoredBytes: config.maxStoredOutputMb * MEBIBYTE,
    auditRetentionMs: config.auditRetentionDays * 24 * HOUR_MS,
  };
}

/** Ends as interrupted what a lost service left. @throws {CodeBeakerError} `internal` when that cannot be written down */
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

/** What local images are built for, and who hears what becomes of each. */
export type LocalImageRequest = Omit<ImageBuildOptions, "directory" | "runTool">;

/** Gives the Engine an image for each of these environments; its client is loaded for this only. */
export async function buildLocalImages(config: Config, request: LocalImageRequest): Promise<void> {
  const [{ EngineClient }, { parseEngineAddress }, { buildImages }] = await Promise.all([
    import("./runtimes/docker/engine_client.ts"),
    import("./runtimes/docker/engine_address.ts"),
    import("./runtimes/docker/image_builder.ts"),
  ]);
  const store = await EngineClient.connect(parseEngineAddress(config.dockerHost, config.dockerCertPath));
  await buildImages(store, { ...request, directory: config.scratch });
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

/** Its raw settings, which are told to be off now and not at the first request. @throws {CodeBeakerError} `invalid_request` */
function dockerSettings(config: Config): unknown {
  const raw = {
    host: config.dockerHost,
    ...(config.dockerCertPath === undefined ? {} : { certPath: config.dockerCertPath }),
    pull: config.dockerPull,
    environments: config.dockerEnvironments,
  };
  parseSettings(raw);
  return raw;
}

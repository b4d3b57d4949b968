import type { Config } from "./config.ts";
import { CodeBeakerError, messageOf } from "./core/errors.ts";
import { Engine } from "./engine/mod.ts";
import { log } from "./log.ts";
import type { ImageBuildOptions } from "./runtimes/docker/image_builder.ts";
import { parseSettings } from "./runtimes/docker/settings.ts";
import { createRuntimes } from "./runtimes/mod.ts";
import { RuntimeSelector } from "./runtimes/selector.ts";
import { createApp, listen, type Listener } from "./server/mod.ts";
import { Confinement } from "./system/confinement.ts";
import { Instance } from "./system/instance.ts";
import { Scratch } from "./system/scratch.ts";

/** Everything that one service is made of. Disposing drains it and leaves nothing behind. */
export interface Service extends AsyncDisposable {
  readonly engine: Engine;
  readonly selector: RuntimeSelector;
  readonly fetch: (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) => Response | Promise<Response>;
  /** Opens the HTTP door on the configured address; disposing closes it first. @throws {CodeBeakerError} `invalid_request` */
  listen(): Listener;
}

/**
 * Builds a service; nothing of it listens yet.
 *
 * @param options.identity whether it is the one service of its home, or a process that comes and goes beside it
 * @throws {CodeBeakerError} `invalid_request` when another service has the home
 */
export async function composeService(
  config: Config,
  options: { readonly identity: "lasting" | "passing" },
): Promise<Service> {
  await using building = new AsyncDisposableStack();
  const scratch = await Scratch.open(config.scratch).catch((error: unknown) => {
    log.warning("no temporary directory can be made", { parent: config.scratch, error: messageOf(error) });
    return undefined;
  });
  if (scratch !== undefined) building.use(scratch);
  const confinement = building.use(scratch === undefined ? Confinement.none() : await Confinement.detect(scratch.path));
  const instance = await openInstance(config.home, options.identity);
  if (instance !== undefined) building.use(instance);
  const docker = dockerSettings(config);
  const runtimes = createRuntimes({
    scratchDirectory: scratch?.path,
    confinement,
    openNetworks: config.openNetworks,
    settings: {
      deno: { binary: config.denoBinary },
      docker,
    },
    instance,
    survivors: new Set(),
    log: {
      info: (message, facts) => log.info(message, facts),
      warning: (message, facts) => log.warning(message, facts),
    },
  });
  for (const runtime of runtimes) building.use(runtime);
  const selector = new RuntimeSelector(runtimes, { minIsolation: config.minIsolation });
  const engine = building.use(
    new Engine({ selector, policy: config, maxConcurrent: config.maxConcurrent, drainMs: config.drainMs }),
  );
  const app = createApp({ engine, maxBodyBytes: config.maxBodyBytes });
  const owned = building.move();
  const fetch: Service["fetch"] = (request, info) => app.fetch(request, info);
  let listener: Listener | undefined;
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await listener?.close(() => engine[Symbol.asyncDispose]());
    await owned.disposeAsync();
  }
  return {
    engine,
    selector,
    fetch,
    listen() {
      listener ??= listen({ host: config.host, port: config.port, fetch });
      return listener;
    },
    [Symbol.asyncDispose]: () => closing ??= close(),
  };
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

import type { Service } from "../compose/mod.ts";
import { messageOf } from "../core/errors.ts";
import { EXIT_USAGE, printError } from "./output.ts";

/**
 * The service behind another program's listener (`deno serve`, or a host next to Deno Deploy). Where no process can be
 * started it serves all the same, and reports which runtimes are unavailable and why.
 */
export class HostedService {
  #service: Promise<Service> | undefined;
  readonly #stop = new AbortController();

  /** Whether a host listens for this service, so that `main.ts` runs no command line. */
  get isUsed(): boolean {
    return this.#service !== undefined;
  }

  readonly fetch = async (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>): Promise<Response> => {
    const service = await (this.#service ??= start(this.#stop));
    return await service.fetch(request, info);
  };

  readonly onListen = async (address: Deno.Addr): Promise<void> => {
    const service = await (this.#service ??= start(this.#stop));
    const { announce } = await import("./announce.ts");
    const url = "hostname" in address ? `http://${address.hostname}:${address.port}` : address.transport;
    await announce(service, { url, signal: this.#stop.signal });
  };
}

/** The service that `main.ts` exports. */
export const hosted: HostedService = new HostedService();

/** Starts the service, and loads its code only here. A command line that needs no service does not wait for it. */
async function start(stop: AbortController): Promise<Service> {
  const [{ loadConfig }, { logUnhandledRejections, prepareLog }, { composeService }] = await Promise.all([
    import("../config.ts"),
    import("../log.ts"),
    import("../compose/mod.ts"),
  ]);
  const startLog = prepareLog();
  const configure = async () => {
    const config = await loadConfig();
    await startLog(config);
    logUnhandledRejections();
    return config;
  };
  const config = await configure().catch(async (error: unknown) => {
    await printError(`codebeaker: ${messageOf(error)}`);
    Deno.exit(EXIT_USAGE);
  });
  const service = await composeService(config);
  closeAtSignals(service, stop);
  return service;
}

/** Closes the service at the signals by which a host ends this process. */
function closeAtSignals(service: Service, stop: AbortController): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, async () => {
      stop.abort();
      await service[Symbol.asyncDispose]();
      Deno.exit(0);
    });
  }
}

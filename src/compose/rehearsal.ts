import { delay } from "../concurrency/delay.ts";
import { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { messageOf } from "../core/errors.ts";
import { log } from "../log.ts";
import type { Foundations } from "./assembly.ts";
import { openMemoryStorage } from "./home_storage.ts";

/** Requests of a rehearsal: cells and programs in turns. Most of what they run is compiled by then. */
const REQUESTS = 1_600;
/** The first requests, each with a pause before it. They are slow: a client's request meanwhile may wait 10 ms. */
const SLOW_REQUESTS = 100;
/** Later requests between two pauses. They take 2 ms together. */
const BATCH = 4;
/** A pause, in ms. */
const PAUSE_MS = 1;
/** Pause while the service is busy, in ms. */
const BUSY_MS = 20;
/** A service that was busy for so long needs no rehearsal. */
const MAX_BUSY_MS = 60_000;
/** The service's own way, as clients of this machine take it. */
const CLIENT: Deno.ServeHandlerInfo<Deno.Addr> = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
  completed: Promise.resolve(),
};

/** The settings of a rehearsal. */
export interface RehearsalOptions {
  /** Whether a client's request is being served, or was just now. */
  isBusy(): boolean;
  /** Default: 1,600. */
  readonly requests?: number;
}

/**
 * Runs the service's own code before its first requests, so that V8 compiles it. It sends cells and programs to a
 * second service in this process, and only while no client is served. That service has a storage in memory, starts no
 * process, and is gone afterwards. Disposing ends the rehearsal.
 */
export class Rehearsal implements AsyncDisposable {
  readonly #config: Config;
  readonly #foundations: Pick<Foundations, "clock" | "ground" | "runtimes">;
  readonly #options: RehearsalOptions;
  readonly #ending = new AbortController();
  #rehearsing: Promise<number> | undefined;

  constructor(
    config: Config,
    foundations: Pick<Foundations, "clock" | "ground" | "runtimes">,
    options: RehearsalOptions,
  ) {
    this.#config = config;
    this.#foundations = foundations;
    this.#options = options;
  }

  /** Begins; a second call does nothing. Returns the number of requests, once all are over. */
  begin(): Promise<number> {
    return this.#rehearsing ??= this.#rehearse().catch((error: unknown) => {
      log.warning("rehearsal.failed", { error: messageOf(error) });
      return 0;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#rehearsing;
  }

  async #rehearse(): Promise<number> {
    const { clock, ground, runtimes } = this.#foundations;
    const runtime = runtimes.find(({ contextEnvironments }) => contextEnvironments.length > 0);
    if (runtime === undefined || ground.scratchDirectory === undefined || !await this.#isIdle()) return 0;
    const [{ assembleService }, { rehearsalRuntime }] = await loadParts();
    using storage = openMemoryStorage(this.#config);
    await using service = await assembleService(
      { ...this.#config, apiKeys: [], allowOrigins: [], minIsolation: 0, probe: false },
      {
        ...{ clock, ground, storage, pool: undefined },
        isRehearsal: true,
        memory: new MemoryBudget(Infinity), // Nothing of it is taken.
        recoverable: new Set(),
        runtimes: [rehearsalRuntime(runtime, ground.scratchDirectory)],
      },
    );
    const send = async (path: string, value: unknown): Promise<unknown> => {
      const body = JSON.stringify(value);
      const headers = { "content-type": "application/json", "content-length": `${body.length}` };
      const request = new Request(`http://localhost/v1/${path}`, { method: "POST", body, headers });
      const response = await service.fetch(request, CLIENT);
      if (!response.ok) throw new Error(`the request was answered with ${await response.text()}`);
      return await response.json();
    };
    if (!await this.#isIdle()) return 0;
    const [language] = runtime.contextEnvironments;
    const session = `sessions/${idIn(await send("sessions", { language }))}`;
    if (!await this.#isIdle()) return 0;
    const context = `${session}/contexts/${idIn(await send(`${session}/contexts`, {}))}`;
    const { requests = REQUESTS } = this.#options;
    for (let count = 0; count < requests; count++) {
      if ((count < SLOW_REQUESTS || count % BATCH === 0) && !await this.#isIdle()) return count;
      if (count % 2 === 0) await send(`${context}/executions`, { code: "1" });
      else await send("executions", { language, code: "1" });
    }
    return requests;
  }

  /** Waits until no client is served. False when the rehearsal ends first, or clients are served for too long. */
  async #isIdle(): Promise<boolean> {
    const { signal } = this.#ending;
    await delay(PAUSE_MS, { signal });
    for (let busyMs = 0; busyMs < MAX_BUSY_MS && !signal.aborted; busyMs += BUSY_MS) {
      if (!this.#options.isBusy()) return true;
      await delay(BUSY_MS, { signal });
    }
    return false;
  }
}

/** Loads the code of a rehearsal: the service's start does not need it yet. */
function loadParts() {
  return Promise.all([import("./assembly.ts"), import("./rehearsal_runtime.ts")]);
}

function idIn(answer: unknown): string {
  return typeof answer === "object" && answer !== null && "id" in answer ? `${answer.id}` : "";
}

import { delay } from "../concurrency/delay.ts";
import { MemoryBudget } from "../concurrency/memory_budget.ts";
import type { Config } from "../config.ts";
import { messageOf } from "../core/errors.ts";
import { log } from "../log.ts";
import type { Foundations } from "./assembly.ts";
import { openMemoryStorage } from "./home_storage.ts";

/** Cells of a rehearsal. Most of what a cell runs is compiled by then. */
const CELLS = 400;
/** The first cells, each with a pause behind it. They are slow: a client's request that comes meanwhile may wait 10 ms. */
const SLOW_CELLS = 50;
/** Later cells between two pauses. They take 2 ms together. */
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
  /** Default: 400. */
  readonly cells?: number;
}

/**
 * Runs the service's own code before its first requests, so that V8 compiles it. It sends cells to a second service in
 * this process, and only while no client is served. That service has a storage in memory, starts no process, and is
 * gone afterwards. Disposing ends the rehearsal.
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

  /** Begins; a second call does nothing. Returns the number of cells, once all are over. */
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
      const request = new Request(`http://localhost/v1/sessions${path}`, { method: "POST", body, headers });
      const response = await service.fetch(request, CLIENT);
      if (!response.ok) throw new Error(`the request was answered with ${await response.text()}`);
      return await response.json();
    };
    if (!await this.#isIdle()) return 0;
    const session = `/${idIn(await send("", { language: runtime.contextEnvironments[0] }))}`;
    if (!await this.#isIdle()) return 0;
    const context = `${session}/contexts/${idIn(await send(`${session}/contexts`, {}))}`;
    const { cells = CELLS } = this.#options;
    let count = 0;
    while (count < cells && (count > SLOW_CELLS && count % BATCH > 0 || await this.#isIdle())) {
      await send(`${context}/executions`, { code: "1" });
      count++;
    }
    return count;
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

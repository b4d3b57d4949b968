import { CodeBeakerError, hasCode, toError } from "./errors.ts";
import { backoff, type CallOptions, delay, type Service } from "./service.ts";
import type { AcceptedExecution, Execution, ExecutionEvent, ExecutionReport } from "./types.ts";

/** An event of a program. An `error` is thrown instead. */
export type ProgramEvent = Exclude<ExecutionEvent, { readonly event: "error" }>;

/** A request to run a program, and its path. */
export interface Submission {
  readonly path: string;
  readonly request: unknown;
}

/** How long one request waits for the end, in s. Proxies cut what is silent for a minute. */
const WAIT_S = 20;
/** Longest wait for the service to cancel a program whose call was aborted, in ms. */
const CANCEL_MS = 2_000;

/** The events of this version. Others, which a later service may send, are left out. */
export const EVENTS: readonly ProgramEvent["event"][] = [
  ...["started", "stdout", "stderr", "display", "dropped", "completed"] as const,
];

/**
 * A program that was started. It runs on without its client. Disposing ends it.
 *
 * Each iteration gives the events from the beginning: `started`, `stdout`, `stderr`, `display`, and last `completed`
 * with the execution. It takes a connection that was cut up again. Leaving it ends nothing. The service keeps the last
 * `maxOutputBytes` of each stream for slow readers: `dropped` counts what one of them has lost.
 */
export class Program implements AsyncIterable<ProgramEvent>, AsyncDisposable {
  /** The id of the execution. */
  readonly id: string;
  readonly #service: Service;

  constructor(service: Service, id: string) {
    this.#service = service;
    this.id = id;
  }

  [Symbol.asyncIterator](): AsyncGenerator<ProgramEvent> {
    return this.events();
  }

  /**
   * Reads the events from the beginning, or after the one with `lastEventId`.
   *
   * @throws {CodeBeakerError} the service's error where it could not run the program; `stream_lost`
   */
  async *events(options: CallOptions & { readonly lastEventId?: string } = {}): AsyncGenerator<ProgramEvent> {
    const { signal } = options;
    let { lastEventId } = options;
    for (let losses = 0;; losses++) {
      let cause: unknown;
      try {
        const messages = await this.#service.openEvents(`${this.#path}/events`, { lastEventId, signal });
        if (messages === undefined) return;
        for await (const { data, event, id } of messages) {
          const parsed = parseEvent(event, id, data);
          lastEventId = id ?? lastEventId;
          losses = 0;
          if (parsed !== undefined) yield parsed;
          if (event === "completed") return;
        }
      } catch (error) {
        // A service that was lost while the program ran does not know its last events, but how it ended.
        if (hasCode(error, "invalid_request") && lastEventId !== undefined && lastEventId !== options.lastEventId) {
          yield { event: "completed", id: lastEventId, data: await this.wait({ signal }) };
          return;
        }
        if (!hasCode(error, "unreachable")) throw error;
        cause = error;
      }
      if (losses >= this.#service.retries) {
        const message = `The events of ${this.id} broke off, and could not be taken up again`;
        throw new CodeBeakerError("stream_lost", message, { cause });
      }
      await delay(backoff(losses), signal);
    }
  }

  /**
   * Waits for the end. Aborting the signal ends the wait, and not the program.
   *
   * @throws {CodeBeakerError} the service's error where it could not run the program
   */
  async wait({ signal }: CallOptions = {}): Promise<Execution> {
    for (;;) {
      const path = `${this.#path}?waitMs=${WAIT_S * 1_000}`;
      const report = await this.#service.resource<ExecutionReport>("GET", path, { signal, isRepeatable: true });
      if (report.status === "failed") throw toError(report.error);
      if (report.status === "ended") return report;
      if (report.status === "queued" || report.status === "running") continue;
      throw new CodeBeakerError("bad_answer", `The state of ${this.id} is unknown to this client`);
    }
  }

  /** Writes to stdin, which is open unless the request named it. Returns when the program has read the text. */
  async write(text: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#service.json("POST", `${this.#path}/stdin`, { json: { text }, signal });
  }

  /** Ends stdin. */
  async closeStdin({ signal }: CallOptions = {}): Promise<void> {
    await this.#service.json("POST", `${this.#path}/stdin`, { json: { close: true }, signal });
  }

  /** Ends the program as `cancelled`; does nothing to one that has ended. */
  async kill({ signal }: CallOptions = {}): Promise<void> {
    await this.#service.json("DELETE", this.#path, { signal, isRepeatable: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  get #path(): string {
    return `/v1/executions/${this.id}`;
  }
}

/** Starts a program; returns when the service has accepted it. */
export async function startProgram(
  service: Service,
  submission: Submission,
  { signal }: CallOptions = {},
): Promise<Program> {
  const { id } = await submit(service, submission, { key: newKey(), signal });
  return new Program(service, id);
}

/**
 * Runs a program to its end. A connection that is cut on the way ends nothing: the request is repeated under the same
 * key, and gets the same execution. Aborting the signal ends the program.
 *
 * @throws {CodeBeakerError} where the service could not run the program
 */
export async function runProgram(
  service: Service,
  submission: Submission,
  { signal }: CallOptions = {},
): Promise<Execution> {
  signal?.throwIfAborted();
  const key = newKey();
  try {
    const report = await submit(service, submission, { key, signal, waitS: WAIT_S });
    return report.status === "ended" && "outcome" in report
      ? report
      : await new Program(service, report.id).wait({ signal });
  } catch (error) {
    if (signal?.aborted) await cancel(service, submission, key);
    throw error;
  }
}

/** Submits a program under a key. The answer is the execution where it ends within `waitS` seconds. */
async function submit(
  service: Service,
  { path, request }: Submission,
  { key, signal, waitS = 0 }: CallOptions & { readonly key: string; readonly waitS?: number },
): Promise<AcceptedExecution | Execution> {
  return await service.resource("POST", path, {
    json: request,
    headers: { "idempotency-key": key, prefer: waitS === 0 ? "respond-async" : `respond-async, wait=${waitS}` },
    signal,
    isRepeatable: true,
  });
}

/** Cancels a program whose id is not known: a submit under its key finds it. Best effort, as the call has ended. */
async function cancel(service: Service, submission: Submission, key: string): Promise<void> {
  const signal = AbortSignal.timeout(CANCEL_MS);
  try {
    const { id } = await submit(service, submission, { key, signal });
    await new Program(service, id).kill({ signal });
  } catch {
    // The service is gone, or has refused the program.
  }
}

function parseEvent(event: string | undefined, id: string | undefined, data: string): ProgramEvent | undefined {
  if (event !== "error" && !EVENTS.some((known) => known === event)) return undefined;
  let parsed;
  try {
    parsed = JSON.parse(data);
  } catch (cause) {
    throw new CodeBeakerError("bad_answer", `An event is not one of CodeBeaker: ${event}`, { cause });
  }
  if (event === "error") throw toError(parsed);
  return { event, id: id ?? "", data: parsed } as ProgramEvent;
}

/** A key that no other request has. `randomUUID` is not there on pages without TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
}

import { CodeBeakerError, forgive, hasCode } from "./errors.ts";
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
/** Least time from one opening of the events to the next, in ms. */
const MIN_STREAM_MS = 300;
/** Longest wait for the service to end what an aborted call has begun, in ms. */
export const CANCEL_MS = 2_000;

/** The events of this version. Others, which a later service may send, are left out. */
export const EVENTS: readonly ProgramEvent["event"][] = [
  ...["started", "stdout", "stderr", "display", "dropped", "completed"] as const,
];

/**
 * A program that was started. It runs on without its client. Disposing ends it.
 *
 * Each iteration gives the events from the beginning: `started`, `stdout`, `stderr`, `display`, and last `completed`
 * with the execution. It takes a connection that was cut up again. Leaving it ends nothing. The service keeps the head
 * and the tail of each stream, `maxOutputBytes` together, for slow readers: `dropped` counts what one of them has lost.
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
  async *events(
    options: CallOptions & { readonly lastEventId?: string | undefined } = {},
  ): AsyncGenerator<ProgramEvent> {
    const { signal } = options;
    let { lastEventId } = options;
    for (let losses = 0;; losses++) {
      let cause: unknown;
      const before = lastEventId;
      const begun = performance.now();
      try {
        const messages = await this.#service.openEvents(`${this.#path}/events`, { lastEventId, signal });
        if (messages === undefined) return;
        for await (const { data, event, id } of messages) {
          const parsed = this.#parseEvent(event, id, data);
          lastEventId = id ?? lastEventId;
          if (parsed !== undefined) yield parsed;
          if (event === "completed") return;
        }
      } catch (error) {
        if (hasCode(error, "invalid_request") && lastEventId !== undefined) {
          const data = await this.#lostEnd({ signal, isOwn: lastEventId !== options.lastEventId });
          if (data === undefined) throw error;
          yield { event: "completed", id: lastEventId, data };
          return;
        }
        if (!hasCode(error, "unreachable")) throw error;
        cause = error;
      }
      if (lastEventId !== before) losses = 0;
      if (losses >= this.#service.retries) {
        const message = `The events of ${this.id} broke off, and could not be taken up again`;
        throw new CodeBeakerError("stream_lost", message, { cause });
      }
      await delay(Math.max(backoff(losses), MIN_STREAM_MS - (performance.now() - begun)), signal);
    }
  }

  /**
   * The end of a program whose last events were lost with the service. Undefined where the id of an event may be that of
   * another program.
   */
  async #lostEnd({ isOwn, signal }: CallOptions & { readonly isOwn: boolean }): Promise<Execution | undefined> {
    const report = await this.#report({ signal });
    return report.status === "ended" && (isOwn || report.outcome.kind === "interrupted") ? report : undefined;
  }

  async #report({ signal, waitS = 0 }: CallOptions & { readonly waitS?: number }): Promise<ExecutionReport> {
    return await this.#service.resource("GET", `${this.#path}?waitMs=${waitS * 1_000}`, { signal, isRepeatable: true });
  }

  /**
   * Waits for the end. Aborting the signal ends the wait, and not the program.
   *
   * @throws {CodeBeakerError} the service's error where it could not run the program
   */
  async wait({ signal }: CallOptions = {}): Promise<Execution> {
    for (;;) {
      const report = await this.#report({ signal, waitS: WAIT_S });
      if (report.status === "failed") throw this.#service.toError(report.error);
      if (report.status === "ended") return report;
      if (report.status === "queued" || report.status === "running") continue;
      throw new CodeBeakerError("bad_answer", `The state of ${this.id} is unknown to this client`);
    }
  }

  /**
   * Writes to stdin, which is open unless the request named it. Returns when the service has handed the text on, which
   * waits while the program is queued, or does not read.
   */
  async write(text: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#service.json("POST", `${this.#path}/stdin`, { json: { text }, signal, isUnhurried: true });
  }

  /** Ends stdin; does nothing where it has ended, or the program has. */
  async closeStdin({ signal }: CallOptions = {}): Promise<void> {
    const request = { json: { close: true }, signal, isUnhurried: true, isRepeatable: true };
    await forgive(this.#service.json("POST", `${this.#path}/stdin`, request), "conflict");
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

  #parseEvent(event: string | undefined, id: string | undefined, data: string): ProgramEvent | undefined {
    if (event !== "error" && !EVENTS.some((known) => known === event)) return undefined;
    let parsed;
    try {
      parsed = JSON.parse(data);
    } catch {
      throw new CodeBeakerError("bad_answer", `An event is not one of CodeBeaker: ${event}`);
    }
    if (event === "error") throw this.#service.toError(parsed);
    return { event, id: id ?? "", data: parsed } as ProgramEvent;
  }
}

/** Starts a program; returns when the service has accepted it. Aborting the signal before that ends the program. */
export async function startProgram(
  service: Service,
  submission: Submission,
  { signal }: CallOptions = {},
): Promise<Program> {
  const { id } = await submit(service, submission, { signal });
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
  const report = await submit(service, submission, { signal, waitS: WAIT_S });
  if (report.status === "ended" && "outcome" in report) return report;
  const program = new Program(service, report.id);
  return await endOnAbort(program.wait({ signal }), signal, (ending) => program.kill(ending));
}

/** Gives a request an empty stdin unless it has one. */
export function withStdin<Request extends { readonly stdin?: string | undefined }>(request: Request): Request {
  return { ...request, stdin: request.stdin ?? "" };
}

/**
 * Submits a program under a key of its own. The answer is the execution where it ends within `waitS` seconds. Where the
 * signal aborts, its id is not known: then a submit under its key finds it.
 */
async function submit(
  service: Service,
  { path, request }: Submission,
  { signal, waitS }: CallOptions & { readonly waitS?: number },
): Promise<AcceptedExecution | Execution> {
  const key = newKey();
  const delivery = { mayHaveArrived: false };
  const send = (prefer: string, options: CallOptions) =>
    service.resource<AcceptedExecution | Execution>("POST", path, {
      ...options,
      delivery,
      json: request,
      headers: { "idempotency-key": key, prefer },
      isRepeatable: true,
    });
  const prefer = waitS === undefined ? "respond-async" : `respond-async, wait=${waitS}`;
  return await endOnAbort(send(prefer, { signal }), signal, async (ending) => {
    if (!delivery.mayHaveArrived) return;
    const { id } = await send("respond-async", ending);
    await new Program(service, id).kill(ending);
  });
}

/** Waits. Where the signal aborts, the program is ended: best effort, as the call has ended. */
async function endOnAbort<Result>(
  waiting: Promise<Result>,
  signal: AbortSignal | undefined,
  end: (options: CallOptions) => Promise<void>,
): Promise<Result> {
  try {
    return await waiting;
  } catch (error) {
    if (signal?.aborted) await end({ signal: AbortSignal.timeout(CANCEL_MS) }).catch(() => {});
    throw error;
  }
}

/** A key that no other request has. `randomUUID` is not there on pages without TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
}

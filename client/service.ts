import { createParser, type EventSourceMessage } from "eventsource-parser";
import { foreignAnswer, parseProblem, shorten, toAnswerError } from "./answer_errors.ts";
import { CodeBeakerError, toError } from "./errors.ts";

/** Where the service is, and how patient its client is. */
export interface ServiceOptions {
  /** The address, with a path where a proxy adds one. Default: `http://127.0.0.1:8000`. */
  readonly url?: string | URL | undefined;
  /** An API key. Default: none. No error shows it. */
  readonly key?: string | undefined;
  /** How often a request is repeated. Default: 5. */
  readonly retries?: number | undefined;
  /** Longest silence of the service, in ms. Default: 60,000; it says something every 20 s. */
  readonly silenceMs?: number | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** Options of a call. */
export interface CallOptions {
  /** Ends the call, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A request, apart from its method and path. */
export interface RequestOptions extends CallOptions {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: NonNullable<RequestInit["body"]>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether it may be repeated though the service may have done it. */
  readonly isRepeatable?: boolean;
  /** Whether the service answers when it is done, however long that takes. */
  readonly isUnhurried?: boolean;
  /** Learns whether the service may have done it. */
  readonly delivery?: { mayHaveArrived: boolean };
}

/** Reads an answer. */
export type Read<Result> = (response: Response, readBytes: (max?: number) => Promise<ArrayBuffer>) => Promise<Result>;

/** Longest wait before a request is repeated, in ms. The error is thrown where the service asks for more. */
const MAX_RETRY_WAIT_MS = 30_000;
/** Longest wait where the service says nothing of it, in ms. */
const MAX_BACKOFF_MS = 4_800;
/** Longest time of a timer, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Most bytes of an answer in JSON. */
const MAX_JSON_BYTES = 268_435_456;
/** Most bytes that are read of the answer of an error. */
const MAX_ERROR_BYTES = 1_048_576;
/** Fewest characters of a secret. A shorter key, as a test may have, can be a word of any answer. */
const MIN_SECRET_LENGTH = 8;

/** Sends requests to one service with one key. */
export class Service {
  readonly retries: number;
  readonly #base: string;
  readonly #key: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #silenceMs: number;
  readonly #fetch: typeof fetch;

  /** @throws {CodeBeakerError} `invalid_request` for an address or a key that no request can have */
  constructor(options: ServiceOptions = {}) {
    const { url = "http://127.0.0.1:8000", key, retries = 5, silenceMs = 60_000 } = options;
    checkUrl(String(url));
    if (key !== undefined && !/^[!-~]+$/.test(key)) {
      throw new CodeBeakerError("invalid_request", "An API key has visible characters of ASCII alone");
    }
    this.#base = String(url).replace(/\/+$/, "");
    this.#key = key;
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    this.retries = retries;
    this.#silenceMs = Math.min(silenceMs, MAX_TIMER_MS);
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /**
   * Sends a request, and reads its answer as JSON; an empty one is undefined.
   *
   * @throws {CodeBeakerError} the error of the service; `unreachable`, `bad_answer`
   */
  async json<Result>(method: string, path: string, options: RequestOptions = {}): Promise<Result> {
    return await this.request(method, path, options, async (response, readBytes) => {
      const text = decode(await readBytes(MAX_JSON_BYTES));
      try {
        return text === "" ? undefined : JSON.parse(text);
      } catch {
        throw foreignAnswer(response, this.#hideKey(text));
      }
    });
  }

  /**
   * Sends a request, and reads its answer as JSON with a field: `id`, or another.
   *
   * @throws {CodeBeakerError} as {@link json} does
   */
  async resource<Result extends object>(
    method: string,
    path: string,
    { field = "id", ...options }: RequestOptions & { readonly field?: string } = {},
  ): Promise<Result> {
    const answer = await this.json<Record<string, unknown> | null | undefined>(method, path, options);
    if (answer?.[field] !== undefined && answer[field] !== null) return answer as Result;
    throw this.#notOurs(answer);
  }

  /** Makes the error of a problem in an answer; `bad_answer` where it is none. */
  toError(reported: unknown): CodeBeakerError {
    const problem = parseProblem(this.#hideKey(JSON.stringify(reported)));
    return problem === undefined ? this.#notOurs(reported) : toError(problem);
  }

  #notOurs(answer: unknown): CodeBeakerError {
    const shown = shorten(this.#hideKey(JSON.stringify(answer)));
    return new CodeBeakerError("bad_answer", `The answer is not one of CodeBeaker: ${shown}`);
  }

  /** Removes the key from a foreign text. An answer may repeat the headers of its request. */
  #hideKey(text = ""): string {
    return this.#key === undefined || this.#key.length < MIN_SECRET_LENGTH ? text : text.replaceAll(this.#key, "***");
  }

  /**
   * Sends a request, and reads its answer. It is repeated where the service was busy, and where it failed on the way and
   * is repeatable.
   *
   * @param read gets the answer, and a function that reads all bytes of its body
   * @throws {CodeBeakerError} as {@link json} does
   */
  async request<Result>(method: string, path: string, options: RequestOptions, read: Read<Result>): Promise<Result> {
    const { delivery = { mayHaveArrived: false } } = options;
    for (let attempt = 0;; attempt++) {
      const { mayHaveArrived } = delivery;
      try {
        options.signal?.throwIfAborted();
        delivery.mayHaveArrived = true;
        return await this.#attempt(method, path, { options, read });
      } catch (error) {
        if (isRefused(error)) delivery.mayHaveArrived = mayHaveArrived;
        const waitMs = attempt < this.retries ? retryWait(error, attempt, options) : undefined;
        if (waitMs === undefined) throw error;
        await delay(waitMs, options.signal);
      }
    }
  }

  /**
   * Opens a stream of server-sent events, after the one with `lastEventId`. Undefined where that was the last. It is
   * not repeated. Leaving the stream closes the connection.
   *
   * @throws {CodeBeakerError} as {@link json} does; the stream throws `unreachable` when it is cut or silent
   */
  async openEvents(
    path: string,
    { lastEventId, signal }: CallOptions & { readonly lastEventId?: string | undefined },
  ): Promise<AsyncGenerator<EventSourceMessage> | undefined> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
    return await this.request("GET", path, { headers, signal }, async (response, readBytes) => {
      if (response.status === 204 || response.body === null) return undefined;
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
      if (!isStream) throw foreignAnswer(response, this.#hideKey(decode(await readBytes(MAX_ERROR_BYTES))));
      return this.#readEvents(response.body, signal);
    });
  }

  async *#readEvents(
    body: ReadableStream<Uint8Array>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<EventSourceMessage> {
    const messages: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (message) => messages.push(message) });
    const decoder = new TextDecoder();
    for await (const bytes of this.#readParts(body, signal)) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      yield* messages.splice(0);
    }
  }

  /** Reads a body, whose parts may not be silent for too long. Leaving it closes the connection. */
  async *#readParts(
    body: ReadableStream<Uint8Array>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
    try {
      for (;;) {
        const { done, value } = await this.#withoutSilence(reader.read());
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.#translate(error, signal);
    } finally {
      await reader.cancel().catch(() => {}); // The connection may be gone already.
    }
  }

  /** Reads all bytes of an answer, or the first of them. */
  async #readBytes(response: Response, signal: AbortSignal | undefined, max = Infinity): Promise<ArrayBuffer> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for await (const part of response.body === null ? [] : this.#readParts(response.body, signal)) {
      parts.push(part);
      size += part.length;
      if (size >= max) break;
    }
    return await new Blob(parts).arrayBuffer();
  }

  async #attempt<Result>(
    method: string,
    path: string,
    { options, read }: { readonly options: RequestOptions; readonly read: Read<Result> },
  ): Promise<Result> {
    const { body, headers, isUnhurried = body !== undefined, json, signal } = options;
    const silence = new AbortController();
    const sent = this.#fetch(`${this.#base}${path}`, {
      method,
      headers: { ...this.#headers, ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(body === undefined ? {} : { body }),
      ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
      redirect: "manual", // The target of another address would get the key.
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    });
    try {
      const response = await (isUnhurried ? sent : this.#withoutSilence(sent));
      if (response.ok) return await read(response, (max) => this.#readBytes(response, signal, max));
      const text = decode(await this.#readBytes(response, signal, MAX_ERROR_BYTES));
      throw toAnswerError(response, this.#hideKey(text));
    } catch (error) {
      silence.abort();
      throw this.#translate(error, signal);
    }
  }

  /** Waits for a part of an answer, but not for too long. */
  async #withoutSilence<Part>(part: Promise<Part>): Promise<Part> {
    const ms = this.#silenceMs;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      const message = `The service at ${this.#base} said nothing for ${ms} ms`;
      timer = setTimeout(() => reject(new CodeBeakerError("unreachable", message)), ms);
    });
    try {
      return await Promise.race([part, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Translates the end of a connection. A signal's own reason goes before any error. */
  #translate(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (error instanceof CodeBeakerError) return error;
    const reason = this.#hideKey(reasonOf(error));
    const message = `Cannot reach the service at ${this.#base}: check that it runs, and its address: ${reason}`;
    return new CodeBeakerError("unreachable", message, { cause: error });
  }
}

/** Waits, unless the signal aborts first. @throws the reason of the signal */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** The wait before the next attempt, in ms. It is none, then 300, 1,200, 4,800, 4,800, each by up to a quarter shorter. */
export function backoff(attempt: number): number {
  return attempt === 0 ? 0 : Math.min(300 * 4 ** (attempt - 1), MAX_BACKOFF_MS) * (1 - Math.random() / 4);
}

/** Whether an error is the service's own refusal. */
function isRefused(error: unknown): boolean {
  return error instanceof CodeBeakerError && error.problem !== undefined;
}

/** The wait before a request is repeated, in ms; undefined where it is not. */
function retryWait(
  error: unknown,
  attempt: number,
  { body, isRepeatable = false }: RequestOptions,
): number | undefined {
  if (!(error instanceof CodeBeakerError) || body instanceof ReadableStream) return undefined; // It is read once.
  const { code, retryAfterMs } = error;
  const wasRefused = (isRefused(error) || isRepeatable) && (code === "busy" || code === "runtime_unavailable");
  if (!wasRefused && !(isRepeatable && code === "unreachable")) return undefined;
  const waitMs = retryAfterMs ?? (wasRefused ? undefined : backoff(attempt));
  return waitMs === undefined || waitMs > MAX_RETRY_WAIT_MS ? undefined : waitMs;
}

/** Checks an address. One with a user in it is not shown. */
function checkUrl(url: string): void {
  const base = globalThis.location?.href; // A page has addresses of its own origin without one.
  const shown = url.includes("@") ? "" : `: ${url}`;
  const message = `The address of a service is like http://127.0.0.1:8000, without user or query${shown}`;
  try {
    const { hash, protocol, search, username } = new URL(url, base);
    if (/^https?:$/.test(protocol) && `${hash}${search}${username}` === "" && !url.includes("@")) return;
  } catch {
    // It is no address at all.
  }
  throw new CodeBeakerError("invalid_request", message);
}

/** The message of an error and of its causes: Node says there why `fetch failed`. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors.at(-1)); // One for each address of a name.
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}

function decode(bytes: ArrayBuffer): string {
  return new TextDecoder().decode(bytes);
}

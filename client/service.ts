import { createParser, type EventSourceMessage } from "eventsource-parser";
import { CodeBeakerError, type ErrorCode, toError } from "./errors.ts";

/** Where the service is, and how patient its client is. */
export interface ServiceOptions {
  /** The address, with a path where a proxy adds one. Default: `http://127.0.0.1:8000`. */
  readonly url?: string | URL;
  /** An API key. Default: none. */
  readonly key?: string;
  /** How often a request is repeated. Default: 4. */
  readonly retries?: number;
  /** Longest silence of the service, in ms. Default: 60,000; it says something every 20 s. */
  readonly silenceMs?: number;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
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
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether it may be repeated though the service may have done it. */
  readonly isRepeatable?: boolean;
}

/** Reads an answer. */
export type Read<Result> = (response: Response, readBytes: () => Promise<ArrayBuffer>) => Promise<Result>;

/** Longest wait before a request is repeated, in ms. The error is thrown where the service asks for more. */
const MAX_RETRY_WAIT_MS = 30_000;
/** Most bytes that are read of the answer of an error. */
const MAX_ERROR_BYTES = 1_048_576;
/** Characters of a foreign answer in an error. */
const SHOWN_CHARACTERS = 200;

/** Codes of answers without a body, as those to HEAD are. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "invalid_request",
  401: "unauthorized",
  403: "permission_denied",
  404: "not_found",
  409: "conflict",
};

/** Sends requests to one service with one key. */
export class Service {
  readonly retries: number;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #silenceMs: number;
  readonly #fetch: typeof fetch;

  constructor(options: ServiceOptions = {}) {
    const { url = "http://127.0.0.1:8000", key, retries = 4, silenceMs = 60_000 } = options;
    this.#base = String(url).replace(/\/+$/, "");
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    this.retries = retries;
    this.#silenceMs = silenceMs;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /**
   * Sends a request, and reads its answer as JSON; an empty one is undefined.
   *
   * @throws {CodeBeakerError} the error of the service; `unreachable`, `bad_answer`
   */
  async json<Result>(method: string, path: string, options: RequestOptions = {}): Promise<Result> {
    return await this.request(method, path, options, async (response, readBytes) => {
      const text = new TextDecoder().decode(await readBytes());
      try {
        return text === "" ? undefined : JSON.parse(text);
      } catch (cause) {
        throw foreignAnswer(response, { text, cause });
      }
    });
  }

  /**
   * Sends a request, and reads its answer as JSON with an id.
   *
   * @throws {CodeBeakerError} as {@link json} does
   */
  async resource<Result extends { readonly id: string }>(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<Result> {
    const answer = await this.json<Result | null | undefined>(method, path, options);
    if (typeof answer?.id === "string") return answer;
    throw new CodeBeakerError("bad_answer", `The answer is not one of CodeBeaker: ${shorten(JSON.stringify(answer))}`);
  }

  /**
   * Sends a request, and reads its answer. It is repeated where the service was busy, and where it failed on the way and
   * is repeatable.
   *
   * @param read gets the answer, and a function that reads all bytes of its body
   * @throws {CodeBeakerError} as {@link json} does
   */
  async request<Result>(method: string, path: string, options: RequestOptions, read: Read<Result>): Promise<Result> {
    for (let attempt = 0;; attempt++) {
      try {
        return await this.#attempt(method, path, { options, read });
      } catch (error) {
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
      if (!isStream) throw foreignAnswer(response, { text: new TextDecoder().decode(await readBytes()) });
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
    const { body, headers, json, signal } = options;
    signal?.throwIfAborted();
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
      // An upload takes as long as it takes.
      const response = await (body === undefined ? this.#withoutSilence(sent) : sent);
      if (response.ok) return await read(response, () => this.#readBytes(response, signal));
      throw toAnswerError(response, new TextDecoder().decode(await this.#readBytes(response, signal, MAX_ERROR_BYTES)));
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
    const reason = error instanceof Error ? error.message : String(error);
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

/** The wait before the next attempt, in ms. It is none, then 300, 1,200, 4,800, each by up to half shorter. */
export function backoff(attempt: number): number {
  return attempt === 0 ? 0 : 300 * 4 ** (attempt - 1) * (1 - Math.random() / 2);
}

/** The wait before a request is repeated, in ms; undefined where it is not. */
function retryWait(error: unknown, attempt: number, { isRepeatable = false }: RequestOptions): number | undefined {
  if (!(error instanceof CodeBeakerError)) return undefined;
  const { code, problem, retryAfterMs } = error;
  const wasRefused = problem !== undefined && (code === "busy" || code === "runtime_unavailable");
  if (!wasRefused && !(isRepeatable && code === "unreachable")) return undefined;
  const waitMs = retryAfterMs ?? (wasRefused ? undefined : backoff(attempt));
  return waitMs === undefined || waitMs > MAX_RETRY_WAIT_MS ? undefined : waitMs;
}

/** Makes an answer's error: the service's problem, or the page of a proxy. */
function toAnswerError(response: Response, text: string): CodeBeakerError {
  const { headers, status } = response;
  const problem = parseProblem(text);
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"));
  const facts = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (problem !== undefined) return toError(problem, { ...facts, ...problemWait(problem) });
  const code = text === "" ? CODES[status] : undefined;
  if (code !== undefined) return new CodeBeakerError(code, `The service answered ${status}`, facts);
  if (![502, 503, 504].includes(status)) return foreignAnswer(response, { text });
  const message = `Cannot reach the service behind its proxy, which answered ${status}: ${shorten(text)}`;
  return new CodeBeakerError("unreachable", message, facts);
}

function problemWait({ retryAfterMs }: { readonly retryAfterMs?: number }): { readonly retryAfterMs?: number } {
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

function parseProblem(text: string): Parameters<typeof toError>[0] | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value?.code === "string" && typeof value.detail === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Parses the header `Retry-After`: seconds or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function foreignAnswer(
  { headers, status }: Response,
  { cause, text }: { readonly text: string; readonly cause?: unknown },
): CodeBeakerError {
  const type = headers.get("content-type") ?? "no type";
  const message = `The answer is not one of CodeBeaker (${status}, ${type}): check the address: ${shorten(text)}`;
  return new CodeBeakerError("bad_answer", message, { cause, status });
}

function shorten(text = ""): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
}

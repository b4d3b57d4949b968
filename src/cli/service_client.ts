import type { Command } from "commander";
import type { z } from "zod";
import { CLIENT_KEY_VARIABLE, readClientKey } from "../config.ts";
import { CodeBeakerError, type ErrorCode, isErrorCode, messageOf } from "../core/errors.ts";
import { isObject } from "../core/parsing/json_object.ts";
import type { CommandContext } from "./context.ts";

/** The URL of a service where no flag names one. */
const DEFAULT_URL = "http://127.0.0.1:8000";

/** The flags of a command that sends requests to a service. */
export interface ServiceFlags {
  readonly json?: true;
  readonly url?: string | undefined;
  readonly key?: string | undefined;
}

/** One request to a service. An undefined value is not sent. */
interface ServiceRequest {
  readonly method?: "GET" | "DELETE";
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Gives a command the flags that name a service and a key for it. */
export function addServiceFlags(command: Command, withoutUrl = `default: ${DEFAULT_URL}`): Command {
  return command
    .option("--url <url>", `the service to ask (${withoutUrl})`)
    .option("--key <key>", `its API key; other users of this machine can see flags, so prefer ${CLIENT_KEY_VARIABLE}`);
}

/** A client of a running service. */
export class ServiceClient {
  readonly #url: string;
  readonly #key: string | undefined;
  readonly #fetch: CommandContext["fetch"];

  /** @throws {CodeBeakerError} `invalid_request` for a text that is no URL */
  constructor({ url = DEFAULT_URL, key = readClientKey() }: ServiceFlags, { fetch }: Pick<CommandContext, "fetch">) {
    this.#url = checkUrl(url);
    this.#key = key;
    this.#fetch = fetch;
  }

  /**
   * Sends a request to the service, and returns an answer whose status is a success.
   *
   * @throws {CodeBeakerError} the service's own error; `runtime_unavailable` where no service answers; the reason of
   * `signal` when it aborts first
   */
  async ask(
    path: string,
    { method = "GET", query = {}, headers = {}, signal }: ServiceRequest = {},
  ): Promise<Response> {
    const url = new URL(`${this.#url}${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const response = await this.#send(url, { method, headers, ...(signal === undefined ? {} : { signal }) });
    if (response.ok) return response;
    throw await this.#toError(response);
  }

  /**
   * Posts a message of another protocol. Returns its answer with whatever status, unless that is a problem.
   *
   * @throws {CodeBeakerError} as {@link ask}
   */
  async post(
    path: string,
    { body, headers, signal }: {
      readonly body: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly signal: AbortSignal;
    },
  ): Promise<Response> {
    const response = await this.#send(new URL(`${this.#url}${path}`), { method: "POST", body, headers, signal });
    if (!response.headers.get("content-type")?.startsWith("application/problem+json")) return response;
    throw await this.#toError(response);
  }

  /**
   * Requests JSON of a form from the service.
   *
   * @throws {CodeBeakerError} as {@link ask}
   */
  async askJson<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    request: ServiceRequest = {},
  ): Promise<z.output<Schema>> {
    const response = await this.ask(path, request);
    const parsed = schema.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return parsed.data;
    throw this.#notOurs(response.status, parsed.error);
  }

  /**
   * Requests a stream of events from the service; null where none follows.
   *
   * @throws {CodeBeakerError} as {@link ask}
   */
  async askEvents(path: string, { headers, ...request }: ServiceRequest): Promise<Response["body"]> {
    const response = await this.ask(path, { ...request, headers: { ...headers, accept: "text/event-stream" } });
    const { body, status } = response;
    if (body === null || response.headers.get("content-type")?.startsWith("text/event-stream")) return body;
    await body.cancel();
    throw this.#notOurs(status);
  }

  async #send(
    url: URL,
    request: RequestInit & { readonly headers: Readonly<Record<string, string>> },
  ): Promise<Response> {
    const headers = { ...request.headers, ...(this.#key === undefined ? {} : { authorization: bearer(this.#key) }) };
    return await this.#fetch(url.href, { ...request, headers }).catch((cause: unknown) => {
      if (request.signal?.aborted) throw cause;
      throw this.#unreachable(cause);
    });
  }

  #unreachable(cause: unknown): CodeBeakerError {
    return new CodeBeakerError(
      "runtime_unavailable",
      `Cannot reach a service: start one with "codebeaker serve", or name another with --url: ${this.#url} (${
        messageOf(cause)
      })`,
      { cause },
    );
  }

  async #toError(response: Response): Promise<CodeBeakerError> {
    const problem: unknown = await response.json().catch(() => undefined);
    const { code, detail } = readProblem(problem);
    if (code === undefined || detail === undefined) return this.#notOurs(response.status);
    if (code !== "unauthorized") return new CodeBeakerError(code, detail);
    const what = this.#key === undefined ? "asks for a key" : "refuses this key";
    return new CodeBeakerError(
      code,
      `The service ${what}: name a valid one with ${CLIENT_KEY_VARIABLE} or --key: ${this.#url}`,
    );
  }

  #notOurs(status: number, cause?: unknown): CodeBeakerError {
    return new CodeBeakerError(
      "internal",
      `Cannot read the answer as it is not one of CodeBeaker: check --url: ${this.#url} (status ${status})`,
      { cause },
    );
  }
}

function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && ["http:", "https:"].includes(url.protocol) && url.search === "" && url.hash === "") {
    return url.href.replace(/\/+$/, "");
  }
  throw new CodeBeakerError(
    "invalid_request",
    `Cannot ask a service as --url must be a URL such as ${DEFAULT_URL}: current value is ${JSON.stringify(text)}`,
  );
}

/** Makes the header's value. The key itself is in no message. */
function bearer(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return `Bearer ${key}`;
  throw new CodeBeakerError("invalid_request", "Cannot ask a service as a key is of printable ASCII without spaces");
}

function readProblem(problem: unknown): { readonly code?: ErrorCode; readonly detail?: string } {
  const { code, detail } = isObject(problem) ? problem : {};
  return typeof code === "string" && isErrorCode(code) && typeof detail === "string" ? { code, detail } : {};
}

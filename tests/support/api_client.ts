import type { Execution } from "../../src/core/execution.ts";
import type { SessionInfo } from "../../src/core/session.ts";
import type { Problem } from "../../src/server/http/problem.ts";
import { documentedFetch } from "./documented.ts";

/** What a command in a session was answered with. */
export interface CommandAnswer {
  readonly success: boolean;
  // deno-lint-ignore no-explicit-any
  readonly result: any;
  readonly error?: Problem;
}

/** A client of one service with one key. Each answer must be one that the document describes. */
export class ApiClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url }: { readonly url: string }, key?: string) {
    this.#url = url;
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  }

  /** One request; what is no text or stream is sent as JSON. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const isRaw = typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
    return await documentedFetch(`${this.#url}${path}`, {
      method,
      headers: { ...this.#headers, ...headers },
      ...(body === undefined ? {} : { body: isRaw ? body as BodyInit : JSON.stringify(body) }),
    });
  }

  /** One request whose answer is JSON, with its status; a status in the JSON itself is in `state`. */
  // deno-lint-ignore no-explicit-any
  async json(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<any> {
    const response = await this.ask(method, path, body, headers);
    const text = await response.text();
    const { status: state, ...answer } = text === "" ? {} : JSON.parse(text);
    return { ...answer, status: response.status, ...(typeof state === "string" ? { state } : {}) };
  }

  /** What an answer's status is; its body is not looked at. */
  async status(method: string, path: string, body?: unknown): Promise<number> {
    const response = await this.ask(method, path, body);
    await response.body?.cancel();
    return response.status;
  }

  async openSession(request: Record<string, unknown>): Promise<SessionInfo> {
    const { status, ...session } = await this.json("POST", "/v1/sessions", request);
    if (status !== 201) throw new Error(`There is no session: ${JSON.stringify(session)}`);
    return session;
  }

  async command(sessionId: string, command: Record<string, unknown>): Promise<CommandAnswer> {
    return await this.json("POST", `/v1/sessions/${sessionId}/commands`, command);
  }

  async run(sessionId: string, request: Record<string, unknown>): Promise<Execution> {
    return await this.json("POST", `/v1/sessions/${sessionId}/executions`, request);
  }
}

import { assertEquals } from "@std/assert";
import type { ApiClient } from "./api_client.ts";

/** One session, and what its commands were answered with. */
export class Desk {
  readonly #client: ApiClient;
  readonly #id: string;

  constructor(client: ApiClient, id: string) {
    this.#client = client;
    this.#id = id;
  }

  /** The result of a command that did what was asked. */
  // deno-lint-ignore no-explicit-any
  async do(command: Record<string, unknown>): Promise<any> {
    const { durationMs, ...answer } = await this.#ask(command);
    assertEquals([typeof durationMs, Object.keys(answer).toSorted()], ["number", ["result", "status", "success"]]);
    assertEquals([answer.status, answer.success], [200, true], JSON.stringify(answer));
    return answer.result;
  }

  /** The problem of a command that was refused: its code, and the words of it. */
  async refuse(command: Record<string, unknown>): Promise<{ readonly code: string; readonly detail: string }> {
    const { durationMs: _, ...answer } = await this.#ask(command);
    assertEquals(Object.keys(answer).toSorted(), ["error", "status", "success"], JSON.stringify(answer));
    assertEquals([answer.status, answer.success], [200, false]);
    return answer.error;
  }

  /** The result of a command that ran and did not do what was asked. */
  // deno-lint-ignore no-explicit-any
  async fail(command: Record<string, unknown>): Promise<any> {
    const { success, result, error } = await this.#ask(command);
    assertEquals([success, error], [false, undefined]);
    return result;
  }

  // deno-lint-ignore no-explicit-any
  async #ask(command: Record<string, unknown>): Promise<any> {
    return await this.#client.json("POST", `/v1/sessions/${this.#id}/commands`, command);
  }
}

import type { Execution } from "../../src/core/execution.ts";
import type { ApiClient } from "./api_client.ts";

/** A context of a session, over HTTP. */
export class OpenContext {
  readonly id: string;
  readonly path: string;
  readonly #client: ApiClient;

  private constructor(client: ApiClient, sessionId: string, id: string) {
    this.#client = client;
    this.id = id;
    this.path = `/v1/sessions/${sessionId}/contexts/${id}`;
  }

  static async open(client: ApiClient, sessionId: string, request: object = {}): Promise<OpenContext> {
    const opened = await client.json("POST", `/v1/sessions/${sessionId}/contexts`, request);
    if (opened.status !== 201) throw new Error(`There is no context: ${JSON.stringify(opened)}`);
    return new OpenContext(client, sessionId, opened.id);
  }

  async run(code: string, options: object = {}): Promise<Execution> {
    return await this.#client.json("POST", `${this.path}/executions`, { code, ...options });
  }

  async close(): Promise<void> {
    await this.#client.status("DELETE", this.path);
  }
}

import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "@codebeaker/client";

/** A request that a service got. */
interface Got {
  readonly line: string;
  readonly headers: Headers;
  readonly body: string;
}

export type Answer = (request: Got) => Response | Promise<Response>;

/** A service that answers as a test wants: each route in turn, its last answer again and again. */
export class FakeService implements AsyncDisposable {
  readonly got: Got[] = [];
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stopped = new AbortController();

  constructor(routes: Readonly<Record<string, readonly Answer[]>>) {
    const all: typeof routes = { "POST /v1/sessions": [() => Response.json(SESSION, { status: 201 })], ...routes };
    const counts = new Map<string, number>();
    const { signal } = this.#stopped;
    this.#server = Deno.serve({ signal, hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const line = `${request.method} ${new URL(request.url).pathname}`;
      const got = { line, headers: request.headers, body: await request.text() };
      this.got.push(got);
      const answers = all[line] ?? [() => new Response(null, { status: 204 })];
      const count = counts.get(line) ?? 0;
      counts.set(line, count + 1);
      return await answers[Math.min(count, answers.length - 1)]?.(got) ?? new Response(null, { status: 204 });
    });
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Its requests after the first, which creates the sandbox. */
  get lines(): string[] {
    return this.got.slice(1).map(({ line }) => line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort(); // Some answers have no end.
    await this.#server.finished;
  }
}

export const SESSION = { id: "sess_1", language: "python", state: "idle" };
export const RUN = "POST /v1/sessions/sess_1/executions";
export const COMMAND = "POST /v1/sessions/sess_1/commands";
export const SHOW = "GET /v1/executions/exec_1";
export const FOLLOW = `${SHOW}/events`;
export const CANCEL = "DELETE /v1/executions/exec_1";
const outcome = { kind: "exited", exitCode: 0 };
export const EXECUTION = { id: "exec_1", status: "ended", outcome, exitCode: 0, stdout: "héllo" };
export const accepted = () => Response.json({ id: "exec_1", status: "queued" }, { status: 202 });
export const ended: Answer = () => Response.json(EXECUTION);
/** An answer whose connection is cut within it. */
export const cut: Answer = () => new Response(pieces(['{ "id": ']), { headers: { "content-length": "1000" } });
export const never = () => new Promise<Response>(() => {});

/** An answer after longer than the silence that a test allows. */
export async function later(status: number, body?: unknown): Promise<Response> {
  await new Promise((resolve) => setTimeout(resolve, 150));
  return body === undefined ? new Response(null, { status }) : Response.json(body, { status });
}

export function refuse(code: string, status: number, headers: Record<string, string> = {}): Answer {
  const problem = { type: `urn:codebeaker:error:${code}`, title: code, status, code, detail: `It is ${code}` };
  return () => Response.json(problem, { status, headers: { "content-type": "application/problem+json", ...headers } });
}

/** A stream of events, which ends in order or is cut. */
export function stream(parts: readonly (string | Uint8Array)[], { isCut = false } = {}): Answer {
  return () => new Response(pieces(parts, isCut), { headers: { "content-type": "text/event-stream" } });
}

function pieces(parts: readonly (string | Uint8Array)[], isCut = true): ReadableStream<Uint8Array> {
  const left = parts.map((part) => typeof part === "string" ? new TextEncoder().encode(part) : part);
  return new ReadableStream({
    async pull(controller) {
      const part = left.shift();
      if (part !== undefined) return controller.enqueue(part);
      if (!isCut) return controller.close();
      await new Promise((resolve) => setTimeout(resolve, 20)); // What was sent before arrives.
      controller.error(new Error("cut"));
    },
  });
}

export function event(id: number, name: string, data: unknown): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

export async function rejects(promise: Promise<unknown>, code: string): Promise<CodeBeakerError> {
  const error = await assertRejects(() => promise, CodeBeakerError);
  assertEquals(error.code, code, error.message);
  return error;
}

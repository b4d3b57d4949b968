import { Hono } from "hono";
import type { Observer } from "../../../src/engine/observer.ts";
import type { EnginePort } from "../../../src/engine/port.ts";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import { sendProblem } from "../../../src/server/http/problem.ts";
import { contextRoutes } from "../../../src/server/routes/contexts.ts";
import { executionRoutes } from "../../../src/server/routes/executions.ts";
import { sessionRoutes } from "../../../src/server/routes/sessions.ts";
import type { SessionsPort } from "../../../src/sessions/port.ts";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import { fakeEngine, fakeSessions, TESTER } from "../../support/fake_ports.ts";

const REQUESTS = new ByteBudget({ maxBytes: 1_000_000, maxOwnerBytes: 1_000_000 });

/** What a test's door is over. */
export interface DoorParts {
  readonly engine?: Partial<EnginePort>;
  readonly sessions?: Partial<SessionsPort>;
  readonly observer?: Observer;
}

/** The routes of executions and sessions over fakes, whose caller was let in already. */
export function doorOf({ engine, sessions, observer = {} }: DoorParts): Hono<AppEnv> {
  const door = new Hono<AppEnv>();
  door.use(async (context, next) => {
    context.set("requestId", "request-1");
    context.set("caller", TESTER);
    context.set("bodyBounds", { maxBytes: 65_536 });
    using lease = REQUESTS.lease("local");
    context.set("lease", lease);
    await next();
  });
  door.route("/", executionRoutes(fakeEngine(engine)));
  door.route("/", sessionRoutes(fakeSessions(sessions), observer));
  door.route("/", contextRoutes(fakeSessions(sessions)));
  door.onError((error, context) => sendProblem(context, error));
  return door;
}

/** What a door answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

/** Asks a door in process; a body is sent as JSON, a string as it is. */
export async function ask(
  parts: DoorParts,
  request: string,
  options: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const [method = "", path = ""] = request.split(" ");
  const { body, headers = {} } = options;
  const response = await doorOf(parts).request(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

/** A door on a socket of this machine. */
export interface OpenDoor extends AsyncDisposable {
  readonly url: string;
}

/** Opens a door over fakes. */
export function openDoor(parts: DoorParts): OpenDoor {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, doorOf(parts).fetch);
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Follows an execution over a socket. */
export function openEvents(
  { url }: OpenDoor,
  path: string,
  options: { readonly body: unknown; readonly signal?: AbortSignal },
): Promise<Response> {
  const { body, signal } = options;
  return fetch(`${url}${path}`, {
    method: "POST",
    headers: { accept: "text/event-stream" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

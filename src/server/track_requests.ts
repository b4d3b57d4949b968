import type { Context, HonoRequest, MiddlewareHandler } from "hono";
import { log } from "../log.ts";
import type { AppEnv } from "./http/app_env.ts";

/** The header of a request's id, in the request and in its answer. */
const ID_HEADER = "x-request-id";
/** A client's own id for a request. Any other is replaced. */
const ID = /^[\w\-=]{1,255}$/;

/** Most characters of a path in the log. An HTTP client without a key may send 60,000. */
const MAX_LOGGED_PATH = 512;

/** The status of an answer that the listener makes itself, for a WebSocket. */
const UPGRADED = 101;

/** Gives each request its id, ends its body where HEAD asked, and logs it. A rehearsal is not logged. */
export function trackRequests({ isRehearsal }: { readonly isRehearsal: boolean }): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const startedAt = performance.now();
    const id = idOf(context.req);
    context.set("requestId", id);
    await next();
    try {
      if (context.res.status !== UPGRADED) context.res.headers.set(ID_HEADER, id);
      // Hono does not read the body of an answer to HEAD, so a stream would stay open.
      if (context.req.raw.method === "HEAD") await context.res.body?.cancel();
    } finally {
      if (!isRehearsal) logRequest(context, startedAt);
    }
  };
}

function idOf(request: HonoRequest): string {
  const own = request.header(ID_HEADER);
  return own !== undefined && ID.test(own) ? own : crypto.randomUUID();
}

function logRequest(context: Context<AppEnv>, startedAt: number): void {
  const { method, path: wholePath } = context.req;
  const path = wholePath.slice(0, MAX_LOGGED_PATH);
  const durationMs = Math.round(performance.now() - startedAt);
  const facts = { requestId: context.get("requestId"), method, path, status: context.res.status, durationMs };
  const level = path.startsWith("/health/") ? "debug" : "info"; // A supervisor asks every few seconds.
  const write = () => log[level]("http.request", facts);
  const isJson = context.res.headers.get("content-type")?.startsWith("application/json") === true;
  if (isJson && context.env?.completed !== undefined) context.env.completed.then(write, write); // The answer goes first.
  else write(); // A stream may last.
}

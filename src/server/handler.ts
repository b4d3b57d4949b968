import type { Hono } from "hono";
import type { AppEnv } from "./http/app_env.ts";

/** Answers a request of a listener. */
export type Handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) => Response | Promise<Response>;

/** The statuses of answers that have no body. */
const BODILESS: readonly number[] = [101, 204, 205, 304];

/** The handler of requests by an app, which has all its routes. */
export function handlerOf(app: Pick<Hono<AppEnv>, "fetch" | "router">): Handler {
  // Hono compiles the routes at the first match: so the first request does not wait for that.
  app.router.match("GET", "/");
  return (request, info) => {
    const response = app.fetch(request, info);
    return request.method === "HEAD" ? withoutLength(response) : response;
  };
}

/**
 * Answers HEAD without a length that GET may not have. RFC 9110, 8.6 forbids that. For an answer without a body the
 * listener writes the length 0; the length of a stream is not known, even of an empty one.
 */
async function withoutLength(answering: Response | Promise<Response>): Promise<Response> {
  const response = await answering;
  if (response.body !== null || response.headers.has("content-length") || BODILESS.includes(response.status)) {
    return response;
  }
  return new Response(ReadableStream.from([]), response);
}

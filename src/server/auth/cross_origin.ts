import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { AppEnv } from "../http/app_env.ts";

/** Headers of answers that a page may read beside the ones that browsers always show. */
const EXPOSED_HEADERS = [
  ...["Allow", "Content-Disposition", "Content-Range", "ETag", "Location", "Mcp-Session-Id"],
  ...["Preference-Applied", "Retry-After", "WWW-Authenticate", "X-Request-Id"],
];

/** How long a browser may cache the answer to a preflight. */
const MAX_AGE_S = 600;

/** Origins that may call, and the methods of each path. */
export interface CrossOriginOptions {
  readonly allowOrigins: readonly string[];
  methodsOf(path: string): readonly string[];
}

/**
 * Lets pages of the listed origins read answers (CORS), and answers their preflights. The service reads no cookie, so
 * credentials are not allowed. An upgrade passes unchanged: a browser applies no CORS to WebSockets.
 */
export function allowCrossOrigin({ allowOrigins, methodsOf }: CrossOriginOptions): MiddlewareHandler<AppEnv> {
  const handler = cors({
    origin: [...allowOrigins],
    allowMethods: (_origin, context) => [...methodsOf(context.req.path)],
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: MAX_AGE_S,
  });
  return async (context, next) => {
    const { method } = context.req;
    const isPreflight = context.req.header("access-control-request-method") !== undefined;
    const isForCors = context.req.header("upgrade") === undefined && (method !== "OPTIONS" || isPreflight);
    return isForCors ? await handler(context, next) : await next();
  };
}

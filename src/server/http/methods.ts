import type { Context, Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { CodeBeakerError } from "../../core/errors.ts";
import type { AppEnv } from "./app_env.ts";

/** Longest part of a path in a message. */
const MAX_PATH_LENGTH = 200;

/** The method and shortened path of a request, for messages. */
export function describeRequest({ req: { method, path } }: Context<AppEnv>): string {
  return `${method} ${path.slice(0, MAX_PATH_LENGTH)}`;
}

/** Finds the methods that an app's routes take on a path. An unknown path has none. */
export function createMethodIndex({ routes }: Pick<Hono<AppEnv>, "routes">): (path: string) => readonly string[] {
  const router = new TrieRouter<string>();
  const own = routes.filter(({ method }) => method !== "ALL"); // The others are middleware.
  for (const { method, path } of own) router.add(method, path, method);
  const methods = [...new Set(own.map(({ method }) => method))];
  return (path) => {
    const found = methods.filter((method) => router.match(method, path)[0].length > 0);
    if (found.length === 0) return [];
    const withHead = found.includes("GET") ? ["HEAD"] : []; // Hono answers HEAD by the route of GET.
    return [...found, ...withHead, "OPTIONS"].toSorted();
  };
}

/**
 * Answers a request that no route takes. `OPTIONS` of a known path is answered with the path's methods.
 *
 * @throws {CodeBeakerError} the error of {@link methodNotAllowed} for another method; `not_found` for an unknown path
 */
export function answerUnrouted(context: Context<AppEnv>, methods: readonly string[]): Response {
  if (methods.length === 0) throw new CodeBeakerError("not_found", `Cannot find ${describeRequest(context)}`);
  if (context.req.method !== "OPTIONS") throw methodNotAllowed(context, methods);
  context.header("allow", methods.join(", "));
  return context.body(null, 204);
}

/**
 * Makes the error for a method that a known path does not take. Its problem has the code `invalid_request`, the status
 * 405 and the header `Allow` (RFC 9110, 15.5.6).
 */
export function methodNotAllowed(context: Context<AppEnv>, methods: readonly string[]): CodeBeakerError {
  const allowed = methods.join(", ");
  context.header("allow", allowed);
  context.set("problemStatus", 405);
  return new CodeBeakerError(
    "invalid_request",
    `Cannot answer ${describeRequest(context)} as the method of this path must be one of ${allowed}`,
  );
}

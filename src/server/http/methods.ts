import type { Context, Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { CodeBeakerError } from "../../core/errors.ts";
import type { AppEnv } from "./app_env.ts";

/** Longest part of a path in a message. */
const MAX_PATH_LENGTH = 200;

/** Paths by which other services run a program. */
const RUN_PATHS = /^(\/api|\/v\d+)*\/(run|runs|execute|exec|eval|execution|code)\/?$/;

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
 * @param methodsOf the methods that a path takes, none for an unknown one
 * @throws {CodeBeakerError} the error of {@link methodNotAllowed} for another method; `not_found` for an unknown path
 */
export function answerUnrouted(context: Context<AppEnv>, methodsOf: (path: string) => readonly string[]): Response {
  const methods = methodsOf(context.req.path);
  if (methods.length === 0) throw unknownPath(context, methodsOf);
  if (context.req.method !== "OPTIONS") throw methodNotAllowed(context, methods);
  context.header("allow", methods.join(", "));
  return context.body(null, 204);
}

/** Makes the error for an unknown path, which names the path that was probably meant. */
function unknownPath(context: Context<AppEnv>, methodsOf: (path: string) => readonly string[]): CodeBeakerError {
  const { path } = context.req;
  const bare = path.replace(/\/+$/, "");
  const advice = bare !== path && bare !== "" && methodsOf(bare).length > 0
    ? "omit the slash at its end"
    : RUN_PATHS.test(path)
    ? "POST /v1/executions runs a program"
    : "GET / names the first paths, and GET /openapi.json lists all";
  return new CodeBeakerError("not_found", `Cannot find ${describeRequest(context)}: ${advice}`);
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

import type { Context, MiddlewareHandler } from "hono";
import type { Keyring } from "../../access/mod.ts";
import { CodeBeakerError, hasCode } from "../../core/errors.ts";
import { LOCAL_USER, type Principal, type Scope } from "../../core/principal.ts";
import type { Caller } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import { checkLoopback } from "./loopback.ts";
import { hostOf, isOwnOrigin } from "./origin.ts";

/** The part of the keyring that doors use. */
export type DoorKeys = Pick<Keyring, "hasKeys" | "authenticate">;

/** Paths that need no key, so that a supervisor of the service needs none. */
const OPEN_PATHS: readonly string[] = ["/health/live", "/health/ready"];

/**
 * Authenticates requests and sets their caller. Where the service has keys, a client needs one, and no web page of
 * another origin is served; without keys, every client of this machine is served.
 *
 * Keys are looked up for every request: one that another process creates or revokes counts from the next request on.
 */
export function authenticate(keys: DoorKeys): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const principal = principalOf(context, keys);
    if (principal !== undefined) context.set("caller", { principal, requestId: context.get("requestId") });
    await next();
  };
}

/** Refuses keys without this scope. */
export function requireScope(scope: Scope): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    checkScope(context.get("caller"), scope);
    await next();
  };
}

/** Checks that a caller has a scope. @throws {CodeBeakerError} `permission_denied` that names the scope and the key */
export function checkScope({ principal }: Caller, scope: Scope): void {
  if (principal.scopes.includes(scope)) return;
  throw new CodeBeakerError(
    "permission_denied",
    `Cannot serve this request as the key "${principal.name}" must have the scope "${scope}": current value is ${
      JSON.stringify(principal.scopes)
    }`,
  );
}

/** The principal of a request; undefined for a path that needs no key. */
function principalOf(context: Context<AppEnv>, keys: DoorKeys): Principal | undefined {
  try {
    if (keys.hasKeys()) return keyOwner(context, keys);
    checkLoopback(context);
    return LOCAL_USER;
  } catch (error) {
    if (hasCode(error, "unauthorized")) {
      context.header("www-authenticate", "Bearer"); // A 401 names the scheme (RFC 9110, 11.6.1).
    }
    throw error;
  }
}

/** A browser sends no key by itself; a foreign `Origin` is refused all the same, in case a page has stolen one. */
function keyOwner(context: Context<AppEnv>, keys: DoorKeys): Principal | undefined {
  const origin = context.req.header("origin");
  if (origin !== undefined && !isOwnOrigin(origin, hostOf(context.req))) {
    throw new CodeBeakerError(
      "permission_denied",
      `Cannot serve this Origin as it must be the service's own: current value is ${JSON.stringify(origin)}`,
    );
  }
  if (OPEN_PATHS.includes(context.req.path)) return undefined;
  return keys.authenticate(context.req.header("authorization"));
}

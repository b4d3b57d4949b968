import type { Context, MiddlewareHandler } from "hono";
import type { Keyring } from "../../access/mod.ts";
import { CodeBeakerError, hasCode } from "../../core/errors.ts";
import { LOCAL_USER, type Principal, type Scope } from "../../core/principal.ts";
import type { Caller } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import { checkLoopback } from "./loopback.ts";
import { hostOf, isOwnOrigin } from "./origin.ts";

/** The part of the keyring that the door uses. */
export type DoorKeys = Pick<Keyring, "hasKeys" | "authenticate">;

/** What answers without a key, so that whoever supervises the service needs none. */
const OPEN_PATHS: readonly string[] = ["/health/live", "/health/ready"];

/**
 * Lets in who may come in, and says who that is. With keys that is whoever brings one, from anywhere but from a web page of
 * another origin; while no key is there, it is whoever uses this machine.
 *
 * Keys are asked for with every request: one that another process creates or revokes counts from the next request on.
 */
export function authenticate(keys: DoorKeys): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const principal = admit(context, keys);
    if (principal !== undefined) context.set("caller", { principal, requestId: context.get("requestId") });
    await next();
  };
}

/** Lets nobody further whose key has not this scope. */
export function requireScope(scope: Scope): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    checkScope(context.get("caller"), scope);
    await next();
  };
}

/** @throws {CodeBeakerError} `permission_denied` that names the scope and the key */
export function checkScope({ principal }: Caller, scope: Scope): void {
  if (principal.scopes.includes(scope)) return;
  throw new CodeBeakerError(
    "permission_denied",
    `Cannot serve this request as the key "${principal.name}" must have the scope "${scope}": current value is ${
      JSON.stringify(principal.scopes)
    }`,
  );
}

/** Undefined for what needs no key. */
function admit(context: Context<AppEnv>, keys: DoorKeys): Principal | undefined {
  try {
    if (keys.hasKeys()) return keyOwner(context, keys);
    checkLoopback(context);
    return LOCAL_USER;
  } catch (error) {
    if (hasCode(error, "unauthorized")) {
      context.header("www-authenticate", "Bearer"); // A 401 says what would be accepted (RFC 9110, 11.6.1).
    }
    throw error;
  }
}

/** A browser sends no key by itself; a foreign `Origin` is refused all the same, should a page have got hold of one. */
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

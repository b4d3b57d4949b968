import type { Context, MiddlewareHandler } from "hono";
import type { Keyring } from "../../access/mod.ts";
import { CodeBeakerError, hasCode } from "../../core/errors.ts";
import { LOCAL_USER, type Principal, type Scope } from "../../core/principal.ts";
import type { Caller } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import { keyOf } from "./credential.ts";
import { checkLoopback } from "./loopback.ts";
import { hostOf, isOwnOrigin } from "./origin.ts";

/** The part of the keyring that doors use. */
export type DoorKeys = Pick<Keyring, "hasKeys" | "authenticate">;

/** The path of the console's parts, which are the same for every visitor. */
export const CONSOLE_PATH = "/console/";

/** Paths that need no key. Supervisors and first visitors of the service use them without one. */
const OPEN_PATHS: readonly string[] = ["/", "/health/live", "/health/ready", "/openapi.json", "/docs"];
/** Starts of the paths of pages' files. They need no key either. */
const OPEN_FILES = ["/docs/", CONSOLE_PATH];

/**
 * Refuses requests of web pages that may not call. Where the service has keys, a page must be of the service's own
 * origin or of a listed one. Without keys, client and page must be of this machine, whatever is listed.
 */
export function guardOrigin(
  keys: Pick<DoorKeys, "hasKeys">,
  { allowOrigins = [] }: { readonly allowOrigins?: readonly string[] } = {},
): MiddlewareHandler<AppEnv> {
  return (context, next) => {
    const needsKey = keys.hasKeys();
    context.set("needsKey", needsKey);
    if (needsKey) checkOrigin(context, allowOrigins);
    else nameSchemeOnFailure(context, () => checkLoopback(context));
    return next();
  };
}

/** Scopes that keys need, by path. A path with a slash at its end stands for the one without, and for all below it. */
export type PathScopes = readonly (readonly [path: string, scope: Scope])[];

/**
 * Authenticates requests that {@link guardOrigin} has passed, and sets their caller. Where the service has keys, a
 * client needs one, with the scope of the path.
 *
 * Every request looks its key up: a key that another process creates or revokes counts from the next request on.
 */
export function authenticate(
  keys: Pick<DoorKeys, "authenticate">,
  scopes: PathScopes = [],
): MiddlewareHandler<AppEnv> {
  return (context, next) => {
    const needsKey = context.get("needsKey");
    const principal = needsKey === false // Absent, a key is needed too.
      ? LOCAL_USER
      : nameSchemeOnFailure(context, () => keyOwner(context, keys));
    if (principal === undefined) return next();
    const caller = { principal, requestId: context.get("requestId") };
    context.set("caller", caller);
    const scope = scopeOf(context.req.path, scopes);
    if (scope !== undefined) checkScope(caller, scope);
    return next();
  };
}

function scopeOf(path: string, scopes: PathScopes): Scope | undefined {
  const found = scopes.find(([known]) => known.endsWith("/") ? `${path}/`.startsWith(known) : path === known);
  return found?.[1];
}

/**
 * Checks that a caller has a scope.
 *
 * @throws {CodeBeakerError} `permission_denied` that names the scope and the key
 */
export function checkScope({ principal }: Caller, scope: Scope): void {
  if (principal.scopes.includes(scope)) return;
  throw new CodeBeakerError(
    "permission_denied",
    `Cannot serve this request as the key "${principal.name}" must have the scope "${scope}": current value is ${
      JSON.stringify(principal.scopes)
    }`,
  );
}

/** Names the scheme of authentication when a check fails without it (RFC 9110, 11.6.1). */
function nameSchemeOnFailure<Result>(context: Context<AppEnv>, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (hasCode(error, "unauthorized")) context.header("www-authenticate", "Bearer");
    throw error;
  }
}

/**
 * Refuses a foreign `Origin`, whatever key comes with it. A browser sends no key by itself, but a page may have stolen
 * one.
 */
function checkOrigin({ req }: Context<AppEnv>, allowOrigins: readonly string[]): void {
  const origin = req.header("origin");
  if (origin === undefined || allowOrigins.includes(origin) || isOwnOrigin(origin, hostOf(req))) return;
  throw new CodeBeakerError(
    "permission_denied",
    `Cannot serve this Origin as it must be the service's own or listed (--allow-origins): current value is ${
      JSON.stringify(origin.slice(0, 200))
    }`,
  );
}

/** Finds the owner of the request's key; undefined for a path that needs none. */
function keyOwner({ req }: Context<AppEnv>, keys: Pick<DoorKeys, "authenticate">): Principal | undefined {
  const isOpen = OPEN_PATHS.includes(req.path) || OPEN_FILES.some((start) => req.path.startsWith(start));
  return isOpen ? undefined : keys.authenticate(keyOf(req));
}

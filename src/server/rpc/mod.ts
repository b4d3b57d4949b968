import { type Context, Hono } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { Observer } from "../../engine/observer.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import type { DoorKeys } from "../auth/auth.ts";
import { keyOf, selectProtocol } from "../auth/credential.ts";
import { methodNotAllowed } from "../http/methods.ts";
import { legacyRoutes } from "./legacy/legacy_routes.ts";
import { MethodTable } from "./method_table.ts";
import type { RpcSockets } from "./sockets.ts";

export { RPC_LIMITS, type RpcLimits } from "./limits.ts";
export { RpcSockets } from "./sockets.ts";

/** The only version of the WebSocket protocol (RFC 6455, 4.1). */
const WEBSOCKET_VERSION = "13";

/** Parts of the JSON-RPC door. */
export interface RpcOptions {
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
  /** Open connections, which their owner closes. */
  readonly sockets: RpcSockets;
  readonly keys: DoorKeys;
  readonly observer: Observer;
}

/** JSON-RPC 2.0 over WebSocket, and the original's HTTP door. */
export function rpcRoutes({ engine, sessions, sockets, keys, observer }: RpcOptions): Hono<AppEnv> {
  const methods = new MethodTable({ engine, sessions, observer, maxRequests: sockets.limits.maxRequests });
  return new Hono<AppEnv>()
    .get("/ws/jsonrpc", (context) => {
      if (context.req.method === "HEAD") throw methodNotAllowed(context, ["GET"]);
      const version = context.req.header("sec-websocket-version");
      if (version !== undefined && version !== WEBSOCKET_VERSION) throw wrongVersion(context, version);
      const key = keys.hasKeys() ? keyOf(context.req) : undefined;
      return sockets.upgrade(context.req.raw, {
        protocol: selectProtocol(context.req),
        caller: context.get("caller"),
        methods,
        observer,
        checkKey() {
          if (keys.hasKeys()) keys.authenticate(key);
        },
      });
    })
    .route("/", legacyRoutes(methods));
}

/** Makes the error for another version of the protocol. The answer names the supported version (RFC 6455, 4.4). */
function wrongVersion(context: Context<AppEnv>, version: string): CodeBeakerError {
  context.header("connection", "upgrade");
  context.header("upgrade", "websocket");
  context.header("sec-websocket-version", WEBSOCKET_VERSION);
  context.set("problemStatus", 426);
  return new CodeBeakerError(
    "invalid_request",
    `Cannot open a WebSocket as Sec-WebSocket-Version must be ${WEBSOCKET_VERSION}: current value is ${
      JSON.stringify(version.slice(0, 64))
    }`,
  );
}

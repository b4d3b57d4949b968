import { Hono } from "hono";
import type { Observer } from "../../engine/observer.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import type { AppEnv } from "../app_env.ts";
import type { DoorKeys } from "../auth.ts";
import { legacyRoutes } from "./legacy_routes.ts";
import { Methods } from "./methods.ts";
import type { RpcSockets } from "./sockets.ts";

export { RPC_LIMITS, type RpcLimits } from "./limits.ts";
export { RpcSockets } from "./sockets.ts";

/** What the doors of the original are made from. */
export interface RpcOptions {
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
  /** Every connection, which its owner closes. */
  readonly sockets: RpcSockets;
  readonly keys: DoorKeys;
  readonly observer: Observer;
}

/** JSON-RPC 2.0 over WebSocket, and the original's HTTP door. */
export function rpcRoutes({ engine, sessions, sockets, keys, observer }: RpcOptions): Hono<AppEnv> {
  const methods = new Methods({ engine, sessions, observer, maxRequests: sockets.limits.maxRequests });
  return new Hono<AppEnv>()
    .get("/ws/jsonrpc", (context) => {
      const authorization = context.req.header("authorization");
      return sockets.upgrade(context.req.raw, {
        caller: context.get("caller"),
        methods,
        observer,
        checkKey() {
          if (keys.hasKeys()) keys.authenticate(authorization);
        },
      });
    })
    .route("/", legacyRoutes(methods));
}

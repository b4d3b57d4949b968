import { Hono } from "hono";
import type { Observer } from "../../engine/observer.ts";
import type { LimitPolicy } from "../../core/limits.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import { openSocket, type SocketDoor } from "../sockets/mod.ts";
import { legacyRoutes } from "./legacy/legacy_routes.ts";
import { MethodTable } from "./method_table.ts";
import { RpcConnection } from "./rpc_connection.ts";

/** Parts of the JSON-RPC door. */
export interface RpcOptions extends SocketDoor {
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
  readonly observer: Observer;
  /** The operator's limits; absent, the service's own. */
  readonly limitPolicy?: LimitPolicy;
}

/** JSON-RPC 2.0 over WebSocket, and the original's HTTP door. */
export function rpcRoutes(options: RpcOptions): Hono<AppEnv> {
  const { observer, sockets } = options;
  const { maxRequests } = sockets.limits;
  const methods = new MethodTable({ ...options, maxRequests });
  return new Hono<AppEnv>()
    .get("/ws/jsonrpc", (context) => {
      const caller = context.get("caller");
      return openSocket(context, options, {
        speak: (peer) => new RpcConnection(peer, { caller, methods, observer, maxRequests }),
      });
    })
    .route("/", legacyRoutes(methods));
}

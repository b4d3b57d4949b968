import { type Context, Hono } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { Observer } from "../../engine/observer.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import type { DoorKeys } from "../auth/auth.ts";
import { toProblem } from "../http/problem.ts";
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
      refuseHead(context);
      const version = context.req.header("sec-websocket-version");
      if (version !== undefined && version !== WEBSOCKET_VERSION) return refuseVersion(context, version);
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

/** Refuses HEAD, which a GET route answers too. @throws {CodeBeakerError} `not_found` */
function refuseHead({ req: { method, path } }: Context<AppEnv>): void {
  if (method === "HEAD") throw new CodeBeakerError("not_found", `Cannot find ${method} ${path}`);
}

/** Answers another version of the protocol with the supported one (RFC 6455, 4.4; RFC 9110, 15.5.22). */
function refuseVersion(context: Context<AppEnv>, version: string): Response {
  const value = JSON.stringify(version.slice(0, 64));
  const message =
    `Cannot open a WebSocket as Sec-WebSocket-Version must be ${WEBSOCKET_VERSION}: current value is ${value}`;
  const problem = toProblem(new CodeBeakerError("invalid_request", message), context.get("requestId"));
  return context.body(JSON.stringify({ ...problem, status: 426 }), 426, {
    "content-type": "application/problem+json",
    "connection": "upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": WEBSOCKET_VERSION,
  });
}

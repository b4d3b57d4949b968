import { Hono, type MiddlewareHandler } from "hono";
import { CodeBeakerError } from "../core/errors.ts";
import type { LimitPolicy } from "../core/limits.ts";
import type { Observer } from "../engine/observer.ts";
import type { ActivityPort, EnginePort } from "../engine/port.ts";
import type { Metrics } from "../metrics.ts";
import type { SessionsPort } from "../sessions/port.ts";
import type { ByteBudget } from "../concurrency/byte_budget.ts";
import type { AppEnv } from "./http/app_env.ts";
import { authenticate, type DoorKeys, guardOrigin, type PathScopes } from "./auth/auth.ts";
import { allowCrossOrigin } from "./auth/cross_origin.ts";
import { type BodyPace, tooLarge } from "./http/body.ts";
import { holdUntilSent } from "./hold_until_sent.ts";
import { answerUnrouted, createMethodIndex, describeRequest } from "./http/methods.ts";
import { compatRoutes, sendError } from "./compat/mod.ts";
import { type Mcp, mcpRoutes } from "./mcp/mod.ts";
import { activityRoutes } from "./routes/activity.ts";
import { contextRoutes } from "./routes/contexts.ts";
import { diagnosticsRoutes } from "./routes/diagnostics.ts";
import { executionRoutes } from "./routes/executions.ts";
import { fileRoutes, isUpload, type UploadsPort } from "./routes/files.ts";
import { type HealthOptions, healthRoutes } from "./routes/health.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import { runtimeRoutes } from "./routes/runtimes.ts";
import { indexRoutes } from "./routes/service_index.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { rpcRoutes } from "./rpc/mod.ts";
import type { ServerSockets } from "./sockets/mod.ts";
import { trackRequests } from "./track_requests.ts";

/** Parts of the HTTP door. */
export interface AppOptions extends Pick<HealthOptions, "findFaults"> {
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
  readonly keys: DoorKeys;
  readonly metrics: Pick<Metrics, "expose">;
  readonly activity: ActivityPort;
  readonly observer: Observer;
  /** The operator's limits; absent, the service's own. */
  readonly limitPolicy?: LimitPolicy;
  readonly uploads: UploadsPort;
  /** Open WebSockets, which their owner closes. */
  readonly sockets: ServerSockets;
  /** The Model Context Protocol, which its owner closes. */
  readonly mcp: Mcp;
  readonly maxBodyBytes: number;
  /** Web origins of pages that may call, beside the service's own. */
  readonly allowOrigins: readonly string[];
  /** Memory for the bodies of all requests. */
  readonly requests: Pick<ByteBudget, "lease">;
  /** Memory for what clients of kernels miss while they are away. */
  readonly missed: Pick<ByteBudget, "lease">;
  readonly bodyPace?: BodyPace;
  /** Whether every request is a rehearsal, which is not logged. Absent, none is. */
  readonly isRehearsal?: boolean;
}

/**
 * Status in the log of a request whose client disconnected before the answer. The code is nginx's; no client receives
 * it.
 */
const CLIENT_CLOSED_REQUEST = 499;

/** Scope that a key needs, by path. Every other path accepts any key. */
const SCOPES: PathScopes = [
  ["/v1/executions", "execute"],
  ["/v1/runtimes/select", "execute"],
  ["/v1/sessions/", "sessions"],
  ["/api/v2/", "execute"],
  ["/v1/exec", "execute"],
  ["/exec", "execute"],
  ["/e2b/", "sessions"],
  ["/api/kernels/", "sessions"],
  ["/api/sessions/", "sessions"],
  ["/metrics", "admin"],
  ["/v1/diagnostics", "admin"],
];

/**
 * Creates the HTTP door. It authenticates, checks scopes, bounds bodies, serves all routes, and answers errors as
 * problems, or in the form of the protocol that a path belongs to.
 */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const { allowOrigins, engine, keys, sessions, observer } = options;
  const app = new Hono<AppEnv>();
  let index: ReturnType<typeof createMethodIndex> | undefined;
  const methodsOf = (path: string) => (index ??= createMethodIndex(app))(path);
  app.use(trackRequests({ isRehearsal: options.isRehearsal ?? false }));
  app.use(guardOrigin(keys, { allowOrigins }));
  if (allowOrigins.length > 0) app.use(allowCrossOrigin({ allowOrigins, methodsOf }));
  app.use(authenticate(keys, SCOPES));
  app.use(limitBody(options));
  app.route("/", indexRoutes());
  app.route("/", healthRoutes(options));
  app.route("/", executionRoutes(engine));
  app.route("/", sessionRoutes(sessions, observer));
  app.route("/", contextRoutes(sessions));
  app.route("/", fileRoutes(sessions, options));
  app.route("/", runtimeRoutes(engine));
  app.route("/", activityRoutes(options.activity));
  app.route("/", metricsRoutes(options.metrics));
  app.route("/", diagnosticsRoutes(engine));
  app.route("/", openApiRoutes());
  app.route("/", rpcRoutes(options));
  app.route("/", mcpRoutes(options.mcp));
  app.route("/", compatRoutes(options));
  app.notFound((context) => answerUnrouted(context, methodsOf));
  app.onError((error, context) => {
    if (context.req.raw.signal.aborted) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
    const refused = error instanceof CodeBeakerError ? error : new CodeBeakerError("internal", "Internal error");
    observer.refused?.({
      caller: context.get("caller"),
      what: describeRequest(context),
      error: refused,
    });
    return sendError(context, error);
  });
  return app;
}

/**
 * Refuses a body whose declared length is over the bound. Other bodies are refused while they are read. An upload has a
 * bound of its own. The memory of a body, and of the files of its answer, is given back when the request is answered.
 */
function limitBody({ maxBodyBytes, bodyPace, requests }: AppOptions): MiddlewareHandler<AppEnv> {
  const bodyBounds = { ...bodyPace, maxBytes: maxBodyBytes };
  return async (context, next) => {
    const declared = Number(context.req.header("content-length") ?? 0);
    if (declared > maxBodyBytes && !isUpload(context.req)) throw tooLarge(maxBodyBytes);
    context.set("bodyBounds", bodyBounds);
    using lease = requests.lease(context.get("caller")?.principal.tenant ?? "");
    context.set("lease", lease);
    await next();
    holdUntilSent(context, lease);
  };
}

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requestId } from "hono/request-id";
import { CodeBeakerError } from "../core/errors.ts";
import type { EnginePort } from "../engine/port.ts";
import { log } from "../log.ts";
import type { SessionsPort } from "../sessions/port.ts";
import type { AppEnv } from "./app_env.ts";
import { authenticate, type DoorKeys, requireScope } from "./auth.ts";
import { sendProblem } from "./problem.ts";
import { executionRoutes } from "./routes/executions.ts";
import { healthRoutes } from "./routes/health.ts";
import { runtimeRoutes } from "./routes/runtimes.ts";
import { sessionRoutes } from "./routes/sessions.ts";

/** What the door is made from. */
export interface AppOptions {
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
  readonly keys: DoorKeys;
  readonly maxBodyBytes: number;
}

/** What the log shows of a client that went away before its answer (nginx's code; nobody receives it). */
const CLIENT_CLOSED_REQUEST = 499;

/** The HTTP door: who may come in, what they sent, and every error as a problem. */
export function createApp({ engine, sessions, keys, maxBodyBytes }: AppOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestId());
  app.use(async (context, next) => {
    const startedAt = performance.now();
    await next();
    const { method, path } = context.req;
    const durationMs = Math.round(performance.now() - startedAt);
    log.info("request", { requestId: context.get("requestId"), method, path, status: context.res.status, durationMs });
  });
  app.use(authenticate(keys));
  app.post("/v1/executions", requireScope("execute"));
  app.use("/v1/runtimes/select", requireScope("execute"));
  app.use("/v1/sessions/*", requireScope("sessions"));
  for (const path of ["/metrics", "/v1/diagnostics"]) app.use(path, requireScope("admin"));
  app.use(bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new CodeBeakerError("too_large", `Cannot take the body as it must be at most ${maxBodyBytes} bytes long`);
    },
  }));
  app.route("/", healthRoutes(engine));
  app.route("/", executionRoutes(engine));
  app.route("/", sessionRoutes(sessions));
  app.route("/", runtimeRoutes(engine));
  app.notFound((context) => {
    const { method, path } = context.req;
    return sendProblem(context, new CodeBeakerError("not_found", `Cannot find ${method} ${path.slice(0, 200)}`));
  });
  app.onError((error, context) => {
    if (!context.req.raw.signal.aborted) return sendProblem(context, error);
    return new Response(null, { status: CLIENT_CLOSED_REQUEST });
  });
  return app;
}

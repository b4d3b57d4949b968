import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import type { Clock } from "../../../src/concurrency/clock.ts";
import type { Observer } from "../../../src/engine/observer.ts";
import type { Caller, EnginePort } from "../../../src/engine/port.ts";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import { holdUntilSent } from "../../../src/server/hold_until_sent.ts";
import { listen } from "../../../src/server/http/listen.ts";
import { sendProblem } from "../../../src/server/http/problem.ts";
import type { McpLimits } from "../../../src/server/mcp/limits.ts";
import { MCP_LIMITS } from "../../../src/server/mcp/limits.ts";
import { Mcp, mcpRoutes } from "../../../src/server/mcp/mod.ts";
import type { SessionsPort } from "../../../src/sessions/port.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { fakeEngine, fakeSessions, TESTER } from "../../support/fake_ports.ts";

/** What a door is opened with; what is absent does nothing. */
export interface DoorOptions {
  readonly engine?: Partial<EnginePort>;
  readonly sessions?: Partial<SessionsPort>;
  readonly observer?: Observer;
  readonly limits?: Partial<McpLimits>;
  readonly clock?: Clock;
  readonly maxBytes?: number;
  /** Who comes in with a request. */
  caller?(request: Request): Caller;
}

/** The door on a port of this machine, over ports that are fakes. */
export class Door implements AsyncDisposable {
  readonly mcp: Mcp;
  /** What bodies hold. */
  readonly requests = new ByteBudget({ maxBytes: 1_000_000, maxOwnerBytes: 1_000_000 });
  /** What answers a request, for one whose connection is a test's own. */
  readonly app: Hono<AppEnv>;
  readonly #listener: ReturnType<typeof listen>;

  constructor(options: DoorOptions = {}) {
    this.mcp = new Mcp({
      clock: options.clock ?? new FakeClock(),
      engine: fakeEngine(options.engine),
      sessions: fakeSessions(options.sessions),
      observer: options.observer ?? {},
      limits: { ...MCP_LIMITS, ...options.limits },
    });
    const app = new Hono<AppEnv>();
    app.use(requestId());
    app.use(async (context, next) => {
      context.set("caller", options.caller?.(context.req.raw) ?? TESTER);
      context.set("bodyBounds", { maxBytes: options.maxBytes ?? 65_536 });
      using lease = this.requests.lease(context.get("caller").principal.tenant);
      context.set("lease", lease);
      await next();
      holdUntilSent(context, lease);
    });
    app.route("/", mcpRoutes(this.mcp));
    app.onError((error, context) => sendProblem(context, error));
    this.app = app;
    this.#listener = listen({ host: "127.0.0.1", port: 0, fetch: (request, info) => app.fetch(request, info) });
  }

  get url(): URL {
    return new URL(`${this.#listener.url}/mcp`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mcp[Symbol.asyncDispose]();
    await this.#listener.close(() => Promise.resolve());
  }
}

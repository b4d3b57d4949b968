import { Hono } from "hono";
import { SYSTEM_CLOCK } from "../../../../src/concurrency/clock.ts";
import { ByteBudget } from "../../../../src/concurrency/byte_budget.ts";
import { guardOrigin } from "../../../../src/server/auth/auth.ts";
import type { AppEnv } from "../../../../src/server/http/app_env.ts";
import { listen, type Listener } from "../../../../src/server/http/listen.ts";
import { answerUnrouted } from "../../../../src/server/http/methods.ts";
import { sendProblem } from "../../../../src/server/http/problem.ts";
import { McpDoor } from "../../../../src/server/mcp/door.ts";
import { MCP_LIMITS } from "../../../../src/server/mcp/limits.ts";
import { TESTER } from "../../../support/fake_ports.ts";
import { createDiagnosticServer } from "./diagnostic_server.ts";

/** Serves the diagnostic server through the service's own interface, with the checks of a service without keys. */
export function serveDiagnostics(): { readonly listener: Listener; readonly door: McpDoor } {
  const door = new McpDoor({
    clock: SYSTEM_CLOCK,
    limits: MCP_LIMITS,
    observer: {},
    serverFactory: () => createDiagnosticServer,
  });
  const requests = new ByteBudget({ maxBytes: 1_000_000, maxOwnerBytes: 1_000_000 });
  const app = new Hono<AppEnv>();
  app.use(guardOrigin({ hasKeys: () => false }));
  app.use(async (context, next) => {
    context.set("caller", TESTER);
    context.set("bodyBounds", { maxBytes: 1_000_000 });
    using lease = requests.lease("tester");
    context.set("lease", lease);
    await next();
  });
  app.on(["POST", "DELETE"], "/mcp", (context) => door.answer(context));
  app.notFound((context) => answerUnrouted(context, () => ["DELETE", "OPTIONS", "POST"]));
  app.onError((error, context) => sendProblem(context, error));
  const fetch = (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) => app.fetch(request, info);
  return { door, listener: listen({ host: "127.0.0.1", port: 0, fetch }) };
}

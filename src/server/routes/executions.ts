import { Hono } from "hono";
import { parseExecutionRequest } from "../../core/request.ts";
import type { AppEnv, EnginePort } from "../app_env.ts";
import { jsonBody } from "../json_body.ts";

/** One-shot executions: 200 whatever the program did. A client that goes away cancels its program. */
export function executionRoutes(engine: EnginePort): Hono<AppEnv> {
  return new Hono<AppEnv>().post("/v1/executions", async (context) => {
    const request = parseExecutionRequest(await jsonBody(context.req));
    const execution = await engine.execute(request, { signal: context.req.raw.signal });
    return context.json(execution);
  });
}

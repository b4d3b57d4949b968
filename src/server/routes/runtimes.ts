import { Hono } from "hono";
import { parseExecutionRequest } from "../../core/requests/execution_request.ts";
import { parseSelectionRequest } from "../../core/requests/selection_request.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import { jsonBody } from "../http/json_body.ts";
import { noQuery } from "../http/query.ts";

/** Routes of runtimes, of their languages, and of the runtime that a request would get. */
export function runtimeRoutes(engine: EnginePort): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get("/v1/runtimes", noQuery, async (context) => context.json({ runtimes: await engine.describeRuntimes() }))
    .get("/v1/languages", noQuery, async (context) => context.json({ languages: await engine.describeLanguages() }))
    .post("/v1/runtimes/select", noQuery, async (context) => {
      const body = await jsonBody(context);
      const request = bringsProgram(body) ? parseExecutionRequest(body) : parseSelectionRequest(body);
      return context.json(await engine.select(context.get("caller"), request));
    });
}

/** Whether a body brings a program. The selection then knows the program's needs. */
function bringsProgram(body: unknown): boolean {
  return typeof body === "object" && body !== null && ("code" in body || "files" in body);
}

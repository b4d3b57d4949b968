import { Hono } from "hono";
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
      const request = parseSelectionRequest(await jsonBody(context));
      return context.json(await engine.select(context.get("caller"), request));
    });
}

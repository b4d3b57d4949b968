import { Hono } from "hono";
import { parseContextRequest } from "../../core/requests/cell_request.ts";
import { CELLS, RepeatedRequestParser } from "../../core/requests/repeated_request_parser.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import { sendExecution } from "../http/send_execution.ts";
import type { AppEnv } from "../http/app_env.ts";
import { jsonBody } from "../http/json_body.ts";
import { noQuery } from "../http/query.ts";

/** Routes of contexts: opening, closing, interrupting, and evaluating cells. */
export function contextRoutes(sessions: SessionsPort): Hono<AppEnv> {
  const parser = new RepeatedRequestParser(CELLS);
  return new Hono<AppEnv>()
    .post("/v1/sessions/:id/contexts", noQuery, async (context) => {
      const language = parseContextRequest(await jsonBody(context));
      const id = context.req.param("id");
      const contexts = sessions.contexts(context.get("caller"), id);
      const opened = await contexts.create(language, { signal: context.req.raw.signal });
      return context.json(opened, 201, { location: `/v1/sessions/${id}/contexts/${opened.id}` });
    })
    .get("/v1/sessions/:id/contexts", noQuery, (context) => {
      const contexts = sessions.contexts(context.get("caller"), context.req.param("id"));
      return context.json({ contexts: contexts.list() });
    })
    .delete("/v1/sessions/:id/contexts/:cid", noQuery, async (context) => {
      await sessions.contexts(context.get("caller"), context.req.param("id")).close(context.req.param("cid"));
      return context.body(null, 204);
    })
    .post("/v1/sessions/:id/contexts/:cid/executions", noQuery, async (context) => {
      const cell = parser.parse(await jsonBody(context));
      const contexts = sessions.contexts(context.get("caller"), context.req.param("id"));
      const cid = context.req.param("cid");
      return await sendExecution(
        context,
        (options) => contexts.submit(cid, cell, options),
      );
    })
    .post("/v1/sessions/:id/contexts/:cid/interrupt", noQuery, (context) => {
      const contexts = sessions.contexts(context.get("caller"), context.req.param("id"));
      return context.json({ interrupted: contexts.interrupt(context.req.param("cid")) });
    });
}

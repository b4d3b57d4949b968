import { Hono } from "hono";
import {
  parseSessionChanges,
  parseSessionExecution,
  parseSessionRequest,
} from "../../core/requests/session_request.ts";
import { SESSION_STATES } from "../../core/answers/vocabulary.ts";
import { oneOf, strictObject } from "../../core/parsing/validation.ts";
import type { Observer } from "../../engine/observer.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import { sendCommandResult } from "../http/send_command_result.ts";
import { sendExecution } from "../http/send_execution.ts";
import type { AppEnv } from "../http/app_env.ts";
import { jsonBody } from "../http/json_body.ts";
import { noQuery, PAGE_FIELDS, parseQuery } from "../http/query.ts";

/** The query of `GET /v1/sessions`. */
export const listQuery = strictObject({
  ...PAGE_FIELDS,
  state: oneOf(SESSION_STATES).optional().describe("Absent, those that are not closed"),
});

/** Routes of sessions, and of executions and commands in them. */
export function sessionRoutes(sessions: SessionsPort, observer: Observer): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .post("/v1/sessions", noQuery, async (context) => {
      const request = parseSessionRequest(await jsonBody(context));
      const session = await sessions.create(context.get("caller"), request, { signal: context.req.raw.signal });
      return context.json(session, 201, { location: `/v1/sessions/${session.id}` });
    })
    .get("/v1/sessions", (context) => {
      const { limit, cursor, state } = parseQuery(context.req, listQuery);
      return context.json(sessions.list(context.get("caller"), { limit, cursor, state }));
    })
    .get("/v1/sessions/:id", noQuery, (context) => {
      return context.json(sessions.show(context.get("caller"), context.req.param("id")));
    })
    .patch("/v1/sessions/:id", noQuery, async (context) => {
      const changes = parseSessionChanges(await jsonBody(context));
      return context.json(sessions.change(context.get("caller"), context.req.param("id"), changes));
    })
    .delete("/v1/sessions/:id", noQuery, async (context) => {
      await sessions.close(context.get("caller"), context.req.param("id"));
      return context.body(null, 204);
    })
    .post("/v1/sessions/:id/executions", noQuery, async (context) => {
      const request = parseSessionExecution(await jsonBody(context));
      const id = context.req.param("id");
      return await sendExecution(
        context,
        (options) => sessions.submit(context.get("caller"), id, request, options),
      );
    })
    .post("/v1/sessions/:id/commands", noQuery, async (context) => {
      return await sendCommandResult(context, { sessions, observer, id: context.req.param("id") });
    });
}

import { Hono } from "hono";
import { z } from "zod";
import type { Answer } from "../../core/answers/answer.ts";
import type { executionEntrySchema } from "../../core/answers/execution_report.ts";
import { EXECUTION_STATUSES } from "../../core/answers/vocabulary.ts";
import type { ExecutionEntry } from "../../core/execution_entry.ts";
import { EXECUTIONS, RepeatedRequestParser } from "../../core/requests/repeated_request_parser.ts";
import { oneOf, parseAs, strictObject } from "../../core/parsing/validation.ts";
import type { EnginePort } from "../../engine/port.ts";
import { sendEvents, sendExecution } from "../http/send_execution.ts";
import type { AppEnv } from "../http/app_env.ts";
import { followedEvents } from "../http/execution_events.ts";
import { toReportBody } from "../http/execution_report.ts";
import { lastEventId } from "../http/last_event_id.ts";
import { jsonBody } from "../http/json_body.ts";
import { failureProblem } from "../http/problem.ts";
import { noQuery, PAGE_FIELDS, parseQuery, wholeNumber } from "../http/query.ts";
import { serverSentEvents } from "../http/server_sent_events.ts";

/** Longest time that a poll may wait for the end of an execution. */
const MAX_WAIT_MS = 60_000;

/** The query of `GET /v1/executions`. */
export const listQuery = strictObject({
  ...PAGE_FIELDS,
  sessionId: z.string().min(1).max(256).optional(),
  status: oneOf(EXECUTION_STATUSES).optional(),
  q: z.string().trim().min(1).max(200).optional().describe(
    "A text in the preview, id, language, runtime or outcome; case does not count. The 2,000 newest ones are searched",
  ),
});

/** The query of `GET /v1/executions/{id}`. */
export const reportQuery = strictObject({
  waitMs: wholeNumber({ min: 0, max: MAX_WAIT_MS }).optional().describe("How long to wait for the end"),
});

/** The body of `POST /v1/executions/{id}/stdin`. */
export const inputSchema = strictObject({ text: z.string().optional(), close: z.boolean().optional() }).refine(
  ({ text, close }) => text !== undefined || close !== undefined,
  'Name "text", "close" or both',
);

/**
 * Routes of one-shot executions, and of every execution by its id. Cancelling answers 204 at once, also for an
 * execution that has ended. A request for events after the last one is answered with 204, so that a browser does not
 * ask again.
 */
export function executionRoutes(engine: EnginePort): Hono<AppEnv> {
  const parser = new RepeatedRequestParser(EXECUTIONS);
  return new Hono<AppEnv>()
    .post("/v1/executions", noQuery, async (context) => {
      const request = parser.parse(await jsonBody(context));
      return await sendExecution(
        context,
        (options) => engine.submit(context.get("caller"), request, options),
      );
    })
    .get("/v1/executions", (context) => {
      const { executions, ...rest } = engine.list(context.get("caller"), parseQuery(context.req, listQuery));
      const requestId = context.get("requestId");
      return context.json({ executions: executions.map((entry) => toWireEntry(entry, requestId)), ...rest });
    })
    .get("/v1/executions/:id", async (context) => {
      const { waitMs = 0 } = parseQuery(context.req, reportQuery);
      const { signal } = context.req.raw;
      const report = await engine.report(context.get("caller"), context.req.param("id"), { waitMs, signal });
      return context.json(toReportBody(report, context.get("requestId")));
    })
    .get("/v1/executions/:id/events", (context) => {
      const after = lastEventId(context.req);
      const requestId = context.get("requestId");
      const format = serverSentEvents(requestId);
      const events = followedEvents(
        ({ signal }) => engine.follow(context.get("caller"), context.req.param("id"), { after, signal }),
        { format, signal: context.req.raw.signal, requestId },
      );
      return events === undefined ? context.body(null, 204) : sendEvents(context, events, format);
    })
    .delete("/v1/executions/:id", noQuery, (context) => {
      engine.cancel(context.get("caller"), context.req.param("id"));
      return context.body(null, 204);
    })
    .post("/v1/executions/:id/stdin", noQuery, async (context) => {
      const { text, close } = parseAs(inputSchema, await jsonBody(context), { what: "the input" });
      const input = { ...(text === undefined ? {} : { text }), ...(close === undefined ? {} : { close }) };
      const { signal } = context.req.raw;
      await engine.feed(context.get("caller"), context.req.param("id"), input, { signal });
      return context.body(null, 204);
    });
}

/** The wire form of an entry: a failure is a problem. */
function toWireEntry(
  { error, ...entry }: ExecutionEntry,
  requestId: string,
): Answer<typeof executionEntrySchema> {
  return error === undefined ? entry : { ...entry, error: failureProblem({ ...error, details: {} }, requestId) };
}

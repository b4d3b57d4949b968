import type { HonoRequest } from "hono";
import { z } from "zod";
import { invalidField } from "../../core/errors.ts";
import { strictObject } from "../../core/parsing/validation.ts";
import type { FollowOptions } from "../../engine/port.ts";
import { decodeEventId } from "./event_id.ts";
import { parseQuery } from "./query.ts";

/** An id in digits; no event's id has as many as 40. */
const DIGITS = /^\d{1,40}$/;

/** The query of `GET /v1/executions/{id}/events`. */
export const eventsQuery = strictObject({
  lastEventId: z.string().optional().describe("The id of the last event that the client has"),
});

/**
 * Finds the last event that a client has. It comes from the header `Last-Event-ID`, else from `?lastEventId=`. From its
 * second connection on, a browser sends the header beside the query of its first.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function lastEventId(request: HonoRequest): FollowOptions["after"] {
  const { lastEventId: inQuery } = parseQuery(request, eventsQuery);
  const inHeader = request.header("last-event-id");
  const id = inHeader ?? inQuery;
  if (id === undefined) return undefined;
  if (!DIGITS.test(id)) {
    const path = inHeader === undefined ? "lastEventId" : "Last-Event-ID";
    const message = `The id of an event is a whole number, as the events have it: ${JSON.stringify(id.slice(0, 64))}`;
    throw invalidField(path, message);
  }
  const mark = decodeEventId(BigInt(id));
  return mark === undefined ? undefined : { position: mark.position, hasEnd: mark.isEnd };
}

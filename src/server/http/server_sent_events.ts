import type { Answer } from "../../core/answers/answer.ts";
import type { EXECUTION_EVENTS } from "../../core/answers/execution_report.ts";
import type { ExecutionEvent } from "../../engine/port.ts";
import { encodeEventId } from "./event_id.ts";
import type { EventFormat } from "./execution_events.ts";
import { failureProblem } from "./problem.ts";

/** An event on the wire: its name and its data. */
type WireEvent = {
  readonly [Name in keyof typeof EXECUTION_EVENTS]: {
    readonly event: Name;
    readonly data: Answer<typeof EXECUTION_EVENTS[Name]>;
  };
}[keyof typeof EXECUTION_EVENTS];

const PING = new TextEncoder().encode(": ping\n\n");

/**
 * Makes the format of server-sent events (the HTML standard's `text/event-stream`).
 *
 * @param requestId the id of the request in problems
 */
export function serverSentEvents(requestId: string): EventFormat {
  return {
    type: "text/event-stream",
    ping: () => PING,
    encode(event) {
      const isEnd = event.kind === "ended" || event.kind === "failed";
      const id = encodeEventId({ position: event.position, isEnd });
      const { data, event: name } = toWire(event, requestId);
      return new TextEncoder().encode(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    },
  };
}

function toWire(event: ExecutionEvent, requestId: string): WireEvent {
  switch (event.kind) {
    case "started":
      return { event: "started", data: { id: event.id, runtime: event.runtime } };
    case "output":
      return { event: event.stream, data: { text: event.text } };
    case "display":
      return { event: "display", data: { data: event.data } };
    case "dropped": {
      const { stdout, stderr, displays } = event;
      return { event: "dropped", data: { stdout, stderr, displays } };
    }
    case "ended":
      return { event: "completed", data: event.execution };
    case "failed":
      return { event: "error", data: failureProblem(event.error, requestId) };
  }
}

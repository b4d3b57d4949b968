import type { Answer } from "../../core/answers/answer.ts";
import type { EXECUTION_EVENTS } from "../../core/answers/execution_report.ts";
import type { EventPosition, ExecutionEvent } from "../../engine/port.ts";
import { encodeEventId } from "./event_id.ts";
import type { EventStream } from "./event_stream.ts";
import { failureProblem, toProblem } from "./problem.ts";

/** An event on the wire: its name and its data. */
type WireEvent = {
  readonly [Name in keyof typeof EXECUTION_EVENTS]: {
    readonly event: Name;
    readonly data: Answer<typeof EXECUTION_EVENTS[Name]>;
  };
}[keyof typeof EXECUTION_EVENTS];

/** Sends an event of an execution. Returns when the reader has read it, or is gone. */
export async function sendEvent(
  events: EventStream,
  event: ExecutionEvent,
  { requestId }: { readonly requestId: string },
): Promise<void> {
  const isEnd = event.kind === "ended" || event.kind === "failed";
  await events.send(encodeEventId({ position: event.position, isEnd }), toWire(event, requestId));
}

/** Sends the service's error as the last event. */
export async function sendError(
  events: EventStream,
  error: unknown,
  { position, requestId }: { readonly position: EventPosition; readonly requestId: string },
): Promise<void> {
  await events.send(encodeEventId({ position, isEnd: true }), { event: "error", data: toProblem(error, requestId) });
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

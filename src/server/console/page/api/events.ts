import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Execution } from "../../../../core/execution.ts";
import type { MimeBundle } from "../../../../core/cell.ts";
import { type Problem, type RequestOptions, send } from "./request.ts";

/** An event of an execution. */
export type ExecutionEvent =
  | { readonly kind: "started"; readonly id: string; readonly runtime: string }
  | { readonly kind: "output"; readonly stream: "stdout" | "stderr"; readonly text: string }
  | { readonly kind: "display"; readonly data: MimeBundle }
  | { readonly kind: "dropped"; readonly stdout: number; readonly stderr: number }
  | { readonly kind: "completed"; readonly execution: Execution }
  | { readonly kind: "failed"; readonly problem: Problem };

/**
 * Requests the events of an execution. Aborting the signal cancels an execution that this request submitted.
 *
 * @throws {ProblemError} for an answer that is an error
 */
export async function* readEvents(path: string, options: RequestOptions): AsyncGenerator<ExecutionEvent> {
  const response = await send(path, { ...options, accept: "text/event-stream" });
  if (response.body === null || response.status === 204) return;
  const messages = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { event = "", data } of messages) {
    const parsed = parseEvent(event, data);
    if (parsed !== undefined) yield parsed;
  }
}

/** Parses an event; undefined for a name that a later service may add. */
export function parseEvent(name: string, data: string): ExecutionEvent | undefined {
  switch (name) {
    case "started":
      return { kind: "started", ...JSON.parse(data) };
    case "stdout":
    case "stderr":
      return { kind: "output", stream: name, text: JSON.parse(data).text };
    case "display":
      return { kind: "display", data: JSON.parse(data).data };
    case "dropped":
      return { kind: "dropped", ...JSON.parse(data) };
    case "completed":
      return { kind: "completed", execution: JSON.parse(data) };
    case "error":
      return { kind: "failed", problem: JSON.parse(data) };
    default:
      return undefined;
  }
}

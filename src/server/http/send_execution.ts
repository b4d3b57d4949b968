import type { Context } from "hono";
import type { AppEnv } from "./app_env.ts";
import { type EventBytes, executionEvents, type Submit } from "./execution_events.ts";
import { idempotencyKey, submitMode } from "./submit_mode.ts";

/** Answers with a stream of events, which nothing on the way may hold back. */
export function sendEvents(context: Context<AppEnv>, events: EventBytes): Response {
  return context.body(events, 200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}

/**
 * Submits an execution and answers as the headers ask: 200 with the execution, a stream of its events, or 202 with its
 * location. A client that disconnects cancels its program, unless it asked for 202 or another submit under its key
 * waits. The memory of the request, and of the answer's files, is kept until the execution has ended.
 */
export async function sendExecution(context: Context<AppEnv>, enter: Submit): Promise<Response> {
  const { signal } = context.req.raw;
  const key = idempotencyKey(context);
  const submit: Submit = async (options) => {
    const memory = context.get("lease");
    const submitted = await enter({ ...options, memory });
    memory.keepUntil(submitted.ended);
    return submitted;
  };
  switch (submitMode(context)) {
    case "plain": {
      const { ended } = await submit({ signal, idempotencyKey: key });
      return context.json(await ended);
    }
    case "events": {
      const events = await executionEvents(submit, {
        signal,
        idempotencyKey: key,
        requestId: context.get("requestId"),
      });
      return sendEvents(context, events);
    }
    case "async": {
      const { id, ended, status = "queued" } = await submit({
        isInteractive: true,
        isPatient: true,
        idempotencyKey: key,
      });
      ended.catch(() => {}); // A poll reports it.
      return context.json({ id, status }, 202, {
        "location": `/v1/executions/${id}`,
        "preference-applied": "respond-async",
      });
    }
  }
}

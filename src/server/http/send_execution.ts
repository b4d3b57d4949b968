import type { Context } from "hono";
import { settledWithin } from "../../concurrency/delay.ts";
import type { Answer } from "../../core/answers/answer.ts";
import type { acceptedExecutionSchema } from "../../core/answers/execution_report.ts";
import type { Execution } from "../../core/execution.ts";
import type { SubmitOptions, Submitted } from "../../engine/port.ts";
import type { AppEnv } from "./app_env.ts";
import { type EventBytes, type EventFormat, executionEvents, type Submit } from "./execution_events.ts";
import { parsePrefer } from "./prefer.ts";
import { serverSentEvents } from "./server_sent_events.ts";
import { idempotencyKey, type SubmitMode, submitMode } from "./submit_mode.ts";

/** Answers with a stream of events, which no proxy may buffer. */
export function sendEvents(context: Context<AppEnv>, events: EventBytes, { type }: EventFormat): Response {
  return context.body(events, 200, {
    "content-type": type,
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}

/**
 * Submits an execution and answers with a stream of its events. A client that disconnects cancels it. The memory of the
 * request, and of the answer's files, is kept until the execution has ended.
 *
 * @throws the execution's error before the first event or ping
 */
export async function streamExecution(
  context: Context<AppEnv>,
  enter: Submit,
  format: EventFormat,
): Promise<Response> {
  const events = await executionEvents((options) => submitWithMemory(context, enter, options), {
    format,
    signal: context.req.raw.signal,
    requestId: context.get("requestId"),
  });
  return sendEvents(context, events, format);
}

/**
 * Submits an execution and answers in the form that the headers request. It answers 200 with the execution or with a
 * stream of its events, or 202 with its location. A client that disconnects cancels its program, unless it asked for
 * 202 or another submit under its key waits. `Prefer: wait` bounds the time in the queue; for a client that wants 202,
 * it bounds the wait for the end before 202. The memory of the request, and of the answer's files, is kept until the
 * execution has ended.
 */
export async function sendExecution(context: Context<AppEnv>, enter: Submit): Promise<Response> {
  const { signal } = context.req.raw;
  const key = idempotencyKey(context);
  const preferences = parsePrefer(context.req.header("prefer") ?? "");
  const { waitMs } = preferences;
  const mode = submitMode(context, preferences);
  if (mode === "async" || waitMs !== undefined) context.header("preference-applied", applied(mode, waitMs));
  switch (mode) {
    case "plain": {
      const options = { signal, idempotencyKey: key, maxQueueMs: waitMs };
      const { ended } = await submitWithMemory(context, enter, options);
      return context.json(await ended);
    }
    case "events": {
      const submit: Submit = (options) => enter({ ...options, idempotencyKey: key, maxQueueMs: waitMs });
      return await streamExecution(context, submit, serverSentEvents(context.get("requestId")));
    }
    case "async": {
      const options = { isInteractive: true, isPatient: true, idempotencyKey: key };
      const { id, ended, status = "queued" } = await submitWithMemory(context, enter, options);
      if (await hasEnded(ended, { waitMs, signal })) return context.json(await ended);
      const accepted: Answer<typeof acceptedExecutionSchema> = { id, status };
      return context.json(accepted, 202, { "location": `/v1/executions/${id}` });
    }
  }
}

/** Names the preferences that were followed (RFC 7240). */
function applied(mode: SubmitMode, waitMs: number | undefined): string {
  const preferences = [
    ...(mode === "async" ? ["respond-async"] : []),
    ...(waitMs === undefined ? [] : [`wait=${waitMs / 1_000}`]),
  ];
  return preferences.join(", ");
}

/** Submits an execution, which holds the memory of the request until it has ended. */
async function submitWithMemory(context: Context<AppEnv>, enter: Submit, options: SubmitOptions): Promise<Submitted> {
  const memory = context.get("lease");
  const submitted = await enter({ ...options, memory });
  memory.keepUntil(submitted.ended);
  return submitted;
}

/** Waits for the end of an execution. Returns whether it has ended. */
async function hasEnded(
  ended: Promise<Execution>,
  { waitMs = 0, signal }: { readonly waitMs: number | undefined; readonly signal: AbortSignal },
): Promise<boolean> {
  let isOver = false;
  const end = () => isOver = true;
  ended.then(end, end); // A poll reports a failure.
  if (waitMs === 0) return false;
  await settledWithin(ended, waitMs, { signal });
  return isOver;
}

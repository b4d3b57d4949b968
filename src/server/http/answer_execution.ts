import type { Context } from "hono";
import type { AppEnv } from "./app_env.ts";
import { executionEvents, type Submit } from "./execution_events.ts";
import { toProblem } from "./problem.ts";
import { idempotencyKey, submitMode } from "./submit_mode.ts";

/**
 * Answers a submit in the way its headers ask for: 200 with the execution, a stream of its events, or 202 and where to ask for it.
 * A client that goes away cancels its program, unless it asked for 202 or others with its key wait for the same.
 */
export async function answerExecution(context: Context<AppEnv>, submit: Submit): Promise<Response> {
  const { signal } = context.req.raw;
  const key = idempotencyKey(context);
  switch (submitMode(context)) {
    case "plain": {
      const { ended } = await submit({ signal, idempotencyKey: key });
      return context.json(await ended);
    }
    case "events": {
      const requestId = context.get("requestId");
      const events = await executionEvents(submit, {
        signal,
        idempotencyKey: key,
        toProblem: (error) => toProblem(error, requestId),
      });
      return context.body(events, 200, {
        "content-type": "text/event-stream",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
      });
    }
    case "async": {
      const { id, ended, status = "queued" } = await submit({
        isInteractive: true,
        isPatient: true,
        idempotencyKey: key,
      });
      ended.catch(() => {}); // Whoever asks for it is told.
      return context.json({ id, status }, 202, {
        "location": `/v1/executions/${id}`,
        "preference-applied": "respond-async",
      });
    }
  }
}

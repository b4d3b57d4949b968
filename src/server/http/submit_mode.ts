import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { CodeBeakerError } from "../../core/errors.ts";
import type { Preferences } from "./prefer.ts";

/** How a client receives an execution: at its end, as events, or by polling. */
export type SubmitMode = "plain" | "events" | "async";

const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/** Finds the mode that the headers ask for. `Accept: text/event-stream` goes before a preference for 202. */
export function submitMode(context: Context, { respondAsync }: Preferences): SubmitMode {
  if (prefersEvents(context)) return "events";
  return respondAsync ? "async" : "plain";
}

/** Whether a client ranks events before JSON. A client that names no text does not. */
function prefersEvents(context: Context): boolean {
  if (!/text\//i.test(context.req.header("accept") ?? "")) return false;
  const type = accepts(context, {
    header: "Accept",
    supports: ["application/json", "text/event-stream"],
    default: "application/json",
  });
  return type === "text/event-stream";
}

/**
 * Reads the `Idempotency-Key` header; undefined without one.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function idempotencyKey(context: Context): string | undefined {
  const key = context.req.header("idempotency-key");
  if (key === undefined || VISIBLE.test(key)) return key;
  throw new CodeBeakerError(
    "invalid_request",
    `Cannot take the Idempotency-Key as it must be 1 to 255 visible ASCII characters: current value is ${
      JSON.stringify(key.slice(0, 300))
    }`,
    { details: { errors: [{ path: "Idempotency-Key", message: "Must be 1 to 255 visible ASCII characters" }] } },
  );
}

import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { CodeBeakerError } from "../../core/errors.ts";

/** How a client receives an execution: at its end, as events, or by polling. */
export type SubmitMode = "plain" | "events" | "async";

/** A quoted part of a `Prefer` header, closed or not. */
const QUOTED = /"(?:[^"\\]|\\[^]?)*(?:"|$)/g;

const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/** The mode that the headers ask for; `Accept: text/event-stream` goes before a preference for 202. */
export function submitMode(context: Context): SubmitMode {
  const type = accepts(context, {
    header: "Accept",
    supports: ["application/json", "text/event-stream"],
    default: "application/json",
  });
  if (type === "text/event-stream") return "events";
  return prefersAsync(context.req.header("prefer") ?? "") ? "async" : "plain";
}

/** Whether a `Prefer` header (RFC 7240) holds `respond-async`. */
export function prefersAsync(header: string): boolean {
  return header.replace(QUOTED, '""').split(",").some((preference) => {
    const [token = ""] = preference.split(/[;=]/, 1);
    return token.trim().toLowerCase() === "respond-async";
  });
}

/** The `Idempotency-Key` header, or undefined. @throws {CodeBeakerError} `invalid_request` */
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

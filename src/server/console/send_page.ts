import type { Context } from "hono";
import { CodeBeakerError } from "../../core/errors.ts";
import type { AppEnv } from "../http/app_env.ts";
import { sendText } from "../http/kept_text.ts";
import { readPart } from "./parts.ts";

/**
 * The page's Content Security Policy. It may load its own script and style, and call this service. Images that programs
 * return are `data:`.
 */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

const NEVER_GUESSED = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" } as const;

/** Answers with the page. Its editor adds a style, so every answer has a nonce of its own and is not cached. */
export async function sendPage(context: Context<AppEnv>): Promise<Response> {
  const nonce = crypto.getRandomValues(new Uint8Array(16)).toBase64();
  const { default: html } = await import("./index.html", { with: { type: "text" } });
  return context.html(html.replaceAll("{{nonce}}", nonce), 200, {
    ...NEVER_GUESSED,
    "content-security-policy": policyOf(nonce),
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    "vary": "Accept",
  });
}

/**
 * Answers with a part of the page. A browser asks each time whether it has the current one.
 *
 * @throws {CodeBeakerError} `not_found`
 */
export async function sendPart(context: Context<AppEnv>, name: string): Promise<Response> {
  const part = await readPart(name);
  if (part === undefined) throw new CodeBeakerError("not_found", `Cannot find the part of the console ${name}`);
  return await sendText(context, part, NEVER_GUESSED);
}

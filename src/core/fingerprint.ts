import { createHash } from "node:crypto";

/** A short text that two requests share only if they are the same: their SHA-256, with bytes as base64. */
export function fingerprintOf(request: unknown): string {
  const text = JSON.stringify(request, (_, value) => value instanceof Uint8Array ? value.toBase64() : value);
  return createHash("sha256").update(text).digest("hex");
}

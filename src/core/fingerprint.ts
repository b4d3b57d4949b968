import { createHash } from "node:crypto";

/** The SHA-256 of a request, which identifies it. */
export function fingerprintOf(request: unknown): string {
  const text = JSON.stringify(request, (_, value) => value instanceof Uint8Array ? value.toBase64() : value);
  return createHash("sha256").update(text).digest("hex");
}

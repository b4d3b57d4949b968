import { createHash } from "node:crypto";

/** The SHA-256 of a request, which identifies it. The order of names in its objects does not count. */
export function fingerprintOf(request: unknown): string {
  return createHash("sha256").update(JSON.stringify(request, ordered)).digest("hex");
}

function ordered(_name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return value.toBase64();
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => one < other ? -1 : 1));
}

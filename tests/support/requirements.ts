import type { Availability } from "../../src/core/capabilities.ts";

/**
 * Whether tests that need something run. What is absent is skipped, with the reason in the test's name, unless
 * `CODEBEAKER_REQUIRE` names it: then its absence is a failure.
 */
export function isPresent(name: string, availability: Availability): boolean {
  if (availability.available) return true;
  const required = (Deno.env.get("CODEBEAKER_REQUIRE") ?? "").split(",");
  if (required.includes(name)) throw new Error(`${name} is required and not available: ${availability.reason}`);
  Deno.test({ name: `[${name}] skipped: ${availability.reason}`, ignore: true, fn: () => {} });
  return false;
}

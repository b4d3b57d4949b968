import { CodeBeakerError } from "../core/errors.ts";
import { readWhole } from "../core/parsing/written_values.ts";

/**
 * Parses the flag `--limit` of a command.
 *
 * @param attempt what the command does, as "list executions"
 * @throws {CodeBeakerError} `invalid_request`
 */
export function parseLimit(text: string, attempt: string): number {
  const limit = readWhole(text);
  if (typeof limit === "number" && limit > 0) return limit;
  throw new CodeBeakerError(
    "invalid_request",
    `Cannot ${attempt} as --limit must be a whole number above 0: current value is ${JSON.stringify(text)}`,
  );
}

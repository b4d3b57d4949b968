import { invalidField } from "../../core/errors.ts";
import { canonicalLanguage } from "../../core/languages.ts";
import { unknownName } from "../../core/parsing/validation.ts";
import type { SelectionRequest } from "../../core/requests/selection_request.ts";
import type { ExecutionRuntime } from "../port.ts";

/** The facts of a runtime that decide whether it may be forced. */
type Forceable = Pick<ExecutionRuntime, "name" | "supportedEnvironments">;

/**
 * Checks that a forced runtime exists, and runs the language of the request. A language of no runtime is another error.
 *
 * @throws {CodeBeakerError} `invalid_request`
 */
export function checkForced(
  { language, runtime: name }: Pick<SelectionRequest, "language" | "runtime">,
  runtimes: readonly Forceable[],
): void {
  if (name === undefined) return;
  const forced = runtimes.find((runtime) => runtime.name === name);
  if (forced === undefined) throw invalidField("runtime", describeUnknown(name, runtimes));
  const others = runtimesOf(language, runtimes);
  if (others.length === 0 || others.includes(name)) return;
  const instead = `name one of these in language, or another runtime (${others.join(", ")})`;
  const message = `The runtime ${name} runs ${forced.supportedEnvironments.join(", ")}: ${instead} for ${language}`;
  throw invalidField("runtime", message);
}

/** Says what to do instead of forcing a runtime that does not exist. */
function describeUnknown(name: string, runtimes: readonly Forceable[]): string {
  const names = runtimes.map((runtime) => runtime.name);
  const language = canonicalLanguage(name);
  if (names.includes(language)) return `Write runtime: "${language}": current value is ${JSON.stringify(name)}`;
  const running = runtimesOf(language, runtimes);
  if (running.length === 0) return `Unknown runtime ${unknownName(name, names)}`;
  const instead = `name it in language and omit runtime, or force a runtime that has it (${running.join(", ")})`;
  return `A language is not a runtime: ${instead}: current value is ${JSON.stringify(name)}`;
}

/** The names of the runtimes that run a language. */
function runtimesOf(language: string, runtimes: readonly Forceable[]): string[] {
  return runtimes.filter(({ supportedEnvironments }) => supportedEnvironments.includes(language)).map(({ name }) =>
    name
  );
}

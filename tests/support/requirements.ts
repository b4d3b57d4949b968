import { delay } from "../../src/concurrency/delay.ts";
import type { Availability } from "../../src/core/capabilities.ts";
import type { LoadedRuntime } from "../../src/runtimes/port.ts";
import { configureEnvironment } from "./configure_environment.ts";

/** The tests run on Deno, so it is installed: where its runtime is not available, that is a fault. */
const OWN_RUNTIME = "deno";

/**
 * Whether tests that need something run. What is absent is skipped, with the reason in the test's name, unless
 * `CODEBEAKER_REQUIRE` names it: then its absence is a failure.
 */
export function isPresent(name: string, availability: Availability): boolean {
  if (availability.available) return true;
  const required = [OWN_RUNTIME, ...(Deno.env.get("CODEBEAKER_REQUIRE") ?? "").split(",")];
  if (required.includes(name)) throw new Error(`${name} is required and not available: ${availability.reason}`);
  Deno.test({ name: `[${name}] skipped: ${availability.reason}`, ignore: true, fn: () => {} });
  return false;
}

/** Whether a program of this machine can be started. What is not installed throws at once, and rejects no promise. */
export async function programAvailability(
  path: string,
  args: readonly string[] = ["--version"],
): Promise<Availability> {
  try {
    const { success } = await new Deno.Command(path, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? { available: true } : { available: false, reason: `${path} does not work here` };
  } catch {
    return { available: false, reason: `${path} is not installed` };
  }
}

/** Answers of a runtime on a busy machine, which will be others. */
export const NOT_YET =
  /no answer within|it is not loaded yet|its self-test is not over yet|its binary did not start within|its honest program had not ended after|is still being made/;
const MAX_QUESTIONS = 10;
/** Longer than such an answer is cached. */
const BETWEEN_QUESTIONS_MS = 5_100;

/**
 * The availability of a runtime, or of a language on it, after its self-test, which takes as long as it takes here. Where a
 * language may have a self-test of its own, the others' are not waited for.
 */
export async function testedAvailability(
  runtime: Pick<LoadedRuntime, "assess" | "diagnose" | "isAvailable" | "learnSurface">,
  language?: string,
): Promise<Availability> {
  for (let question = 1;; question++) {
    if (language === undefined || runtime.learnSurface !== undefined) await runtime.diagnose(); // On Docker it removes containers.
    else await runtime.assess(configureEnvironment(language));
    const answer = await runtime.isAvailable(language);
    if (answer.available || question === MAX_QUESTIONS || !NOT_YET.test(answer.reason)) return answer;
    await delay(BETWEEN_QUESTIONS_MS);
  }
}

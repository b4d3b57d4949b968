import { withDeadline } from "../../../concurrency/deadline.ts";
import { hasCode, runtimeUnavailable } from "../../../core/errors.ts";
import { DEFAULT_LIMITS } from "../../../core/limits.ts";
import type { ExecutionEnvironment, RuntimeConfig } from "../../port.ts";
import { runProgram } from "../../self_test/run_program.ts";
import { bareConfig } from "../bare_config.ts";
import type { BinarySpec } from "../spec.ts";

/** Factor on the honest program's time limit, for a binary to start and run it. */
const START_FACTOR = 3;
/** When to ask again where the honest program did not start, in ms. The machine may have been busy. */
const START_RETRY_MS = 1_000;

/**
 * Runs the honest program of a binary, and returns the program's output.
 *
 * @throws {CodeBeakerError} `runtime_unavailable`, with the reason why the binary will not do
 */
export async function checkBinary(
  { probe: { code, language, needs, whyNot }, remedy }: BinarySpec,
  createEnvironment: (config: RuntimeConfig) => Promise<ExecutionEnvironment>,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<string> {
  const limits = { ...DEFAULT_LIMITS, timeoutMs };
  // The warm environment is for the request that often comes at the same time.
  await using environment = await createEnvironment({ ...bareConfig(language, limits), startsCold: true });
  const path = environment.mainFile();
  const program = { kind: "file", path, args: [] } as const;
  const { outcome, output } = await withDeadline(
    (signal) => runProgram(environment, { files: { [path]: code }, program }, { limits, signal }),
    {
      timeoutMs: START_FACTOR * timeoutMs,
      signal,
      toError: () =>
        runtimeUnavailable({ reason: `its binary did not start within ${START_FACTOR * timeoutMs} ms`, remedy }),
    },
  ).catch((error: unknown) => {
    if (needs === undefined || !hasCode(error, "runtime_unavailable") || error.details.remedy !== undefined) {
      throw error;
    }
    const reason = `${error.message} (${needs} is needed)`;
    throw runtimeUnavailable({ reason, remedy, retryAfterMs: START_RETRY_MS }, error);
  });
  const why = outcome.kind === "timed_out"
    ? `its honest program had not ended after ${outcome.limitMs} ms`
    : whyNot(output);
  if (why !== undefined) throw runtimeUnavailable({ reason: why, remedy });
  return output;
}

import { assertRejects } from "@std/assert";
import type { ExecutionRuntime } from "../../src/runtimes/runtime.ts";
import type { Dialect } from "../support/dialects/mod.ts";
import { type Checks, configureEnvironment, withBench } from "./checks/bench.ts";
import { ENDING_CHECKS } from "./checks/ending_checks.ts";
import { LASTING_CHECKS } from "./checks/lasting_checks.ts";
import { CHILD_CHECKS, SIGNAL_CHECKS } from "./checks/process_checks.ts";
import { PROGRAM_CHECKS } from "./checks/program_checks.ts";

interface ConformanceOptions {
  readonly language: string;
  readonly dialect: Dialect;
  /** Checks that this runtime fails, and why. */
  readonly deviations: Readonly<Record<string, string>>;
}

/**
 * Registers the whole suite for one runtime in one language. What takes one program is done twice: in an environment that
 * lasts, and in one of a single use, which a runtime may make in another way.
 */
export function testConformance(runtime: ExecutionRuntime, options: ConformanceOptions): void {
  const hasProcesses = options.dialect.processes !== undefined;
  const oneProgram = { ...PROGRAM_CHECKS, ...ENDING_CHECKS, ...(hasProcesses ? SIGNAL_CHECKS : {}) };
  const several = { ...LASTING_CHECKS, ...(hasProcesses ? CHILD_CHECKS : {}) };
  register(runtime, { ...oneProgram, ...several }, { ...options, singleUse: false });
  register(runtime, oneProgram, { ...options, singleUse: true });
}

function register(
  runtime: ExecutionRuntime,
  checks: Checks,
  { language, dialect, deviations, singleUse }: ConformanceOptions & { readonly singleUse: boolean },
): void {
  const config = configureEnvironment(language, singleUse ? { singleUse } : {});
  for (const [name, check] of Object.entries(checks)) {
    const reason = deviations[name];
    const title = `[${runtime.name}] ${language}: ${name}${singleUse ? " (single use)" : ""}`;
    if (reason === undefined) Deno.test(title, () => withBench({ runtime, dialect, config }, check));
    else {
      Deno.test(`${title} — deviates: ${reason}`, async () => {
        await assertRejects(() => withBench({ runtime, dialect, config }, check), Error, "Values are not equal");
      });
    }
  }
}

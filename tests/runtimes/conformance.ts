import { assertRejects } from "@std/assert";
import type { ExecutionRuntime, RuntimeConfig } from "../../src/runtimes/port.ts";
import type { Dialect } from "../support/dialects/mod.ts";
import { type Checks, configureEnvironment, withBench } from "./checks/bench.ts";
import {
  BRIEF,
  OF_COMPUTING,
  OF_LANGUAGE,
  OF_LAYERED_RUNTIME,
  OF_LAYERS,
  OF_NAME,
  OF_SINGLE_USE,
  OF_WAITER,
  OF_WAITING_LANGUAGE,
} from "./checks/brief.ts";
import { contextChecks } from "./checks/context_checks.ts";
import { DENIAL_CHECKS } from "./checks/denial_checks.ts";
import { ENDING_CHECKS } from "./checks/ending_checks.ts";
import { LASTING_CHECKS } from "./checks/lasting_checks.ts";
import { CHILD_LIMIT_CHECKS, LIMIT_CHECKS, TIGHT } from "./checks/limit_checks.ts";
import { CHILD_CHECKS, SIGNAL_CHECKS } from "./checks/process_checks.ts";
import { PROGRAM_CHECKS } from "./checks/program_checks.ts";

/**
 * All checks, one for each promise, one for each that depends on the language, on what the language is called, on which layers
 * confine a program, in one more runtime too, or on what waits for a program; or all of a program that only computes.
 */
export type Suite =
  | "full"
  | "brief"
  | "of_language"
  | "of_name"
  | "of_layers"
  | "of_layered_runtime"
  | "of_waiter"
  | "of_waiting_language"
  | "of_computing";

const CHOSEN: Readonly<Record<Exclude<Suite, "full">, readonly string[]>> = {
  brief: BRIEF,
  of_language: OF_LANGUAGE,
  of_name: OF_NAME,
  of_layers: OF_LAYERS,
  of_layered_runtime: OF_LAYERED_RUNTIME,
  of_waiter: OF_WAITER,
  of_waiting_language: OF_WAITING_LANGUAGE,
  of_computing: OF_COMPUTING,
};

interface ConformanceOptions {
  readonly language: string;
  readonly dialect: Dialect;
  /** Whether the runtime has contexts in the language. */
  readonly hasContexts: boolean;
  /** Checks that this runtime fails, by name, or by language and name, and why. */
  readonly deviations: Readonly<Record<string, string>>;
  /** Whether everything is made ahead of time for it. */
  readonly isWarm?: boolean;
  /** Another language, or the strongest layers, pass the full suite where it is not this one. */
  readonly suite: Suite;
  /** Whether the runtime makes an environment of a single use as one that lasts, until its first program has ended. */
  readonly isSameForSingleUse?: boolean;
  /** What sets its host apart from that of other suites in the same run. */
  readonly where?: string;
}

/**
 * Registers the suite for one runtime in one language. In the full suite the checks of a single program run in an environment
 * that lasts, and in one of a single use where the runtime makes it in another way. In the others they run in one of a single
 * use, which may be made in advance.
 */
export function testConformance(runtime: ExecutionRuntime, options: ConformanceOptions): void {
  const { dialect, hasContexts, isSameForSingleUse = false, isWarm = false, language, suite } = options;
  const hasProcesses = dialect.processes !== undefined;
  const oneProgram = { ...PROGRAM_CHECKS, ...ENDING_CHECKS, ...DENIAL_CHECKS, ...(hasProcesses ? SIGNAL_CHECKS : {}) };
  const several = { ...LASTING_CHECKS, ...contextChecks(hasContexts), ...(hasProcesses ? CHILD_CHECKS : {}) };
  const limits = { ...LIMIT_CHECKS, ...(hasProcesses ? CHILD_LIMIT_CHECKS : {}) };
  const config = configureEnvironment(language);
  const tight = configureEnvironment(language, { resourceLimits: TIGHT });
  if (suite === "full") {
    register(runtime, { ...several, ...oneProgram }, { ...options, config });
    register(runtime, limits, { ...options, config: tight });
  } else register(runtime, several, { ...options, config, only: CHOSEN[suite] });
  const only = suite !== "full" ? CHOSEN[suite] : isSameForSingleUse ? OF_SINGLE_USE : BRIEF;
  const use = { singleUse: true, ...(isWarm ? { runsMainFile: true } : {}) };
  register(runtime, oneProgram, { ...options, only, config: { ...config, ...use } });
  register(runtime, limits, { ...options, only, config: { ...tight, ...use } });
}

function register(
  runtime: ExecutionRuntime,
  checks: Checks,
  { language, dialect, deviations, config, isWarm = false, only, where }: ConformanceOptions & {
    readonly config: RuntimeConfig;
    /** The names of the checks that are registered; absent, all. */
    readonly only?: readonly string[];
  },
): void {
  for (const [name, check] of Object.entries(checks)) {
    if (only !== undefined && !only.includes(name)) continue;
    const reason = deviations[`${language}: ${name}`] ?? deviations[name];
    const title = `[${runtime.name}${where === undefined ? "" : `, ${where}`}] ${language}: ${name}${
      config.runsMainFile === true ? " (warm)" : config.singleUse === true ? " (single use)" : ""
    }`;
    // A warm host prepares its next processes between the tests: what they leave open is no test's own.
    const sanitizers = isWarm ? { sanitizeOps: false, sanitizeResources: false } : {};
    if (reason === undefined) Deno.test(title, sanitizers, () => withBench({ runtime, dialect, config }, check));
    else {
      Deno.test(`${title} — deviates: ${reason}`, sanitizers, async () => {
        await assertRejects(() => withBench({ runtime, dialect, config }, check), Error, "Values are not equal");
      });
    }
  }
}

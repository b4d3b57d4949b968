import { assertRejects } from "@std/assert";
import type { ExecutionRuntime, RuntimeConfig } from "../../src/runtimes/port.ts";
import type { Dialect } from "../support/dialects/mod.ts";
import { type Checks, configureEnvironment, withBench } from "./checks/bench.ts";
import { BRIEF } from "./checks/brief.ts";
import { contextChecks } from "./checks/context_checks.ts";
import { DENIAL_CHECKS } from "./checks/denial_checks.ts";
import { ENDING_CHECKS } from "./checks/ending_checks.ts";
import { LASTING_CHECKS } from "./checks/lasting_checks.ts";
import { CHILD_LIMIT_CHECKS, LIMIT_CHECKS, TIGHT } from "./checks/limit_checks.ts";
import { CHILD_CHECKS, SIGNAL_CHECKS } from "./checks/process_checks.ts";
import { PROGRAM_CHECKS } from "./checks/program_checks.ts";

interface ConformanceOptions {
  readonly language: string;
  readonly dialect: Dialect;
  /** Whether the runtime has contexts in the language. */
  readonly hasContexts: boolean;
  /** Checks that this runtime fails, and why. */
  readonly deviations: Readonly<Record<string, string>>;
  /** Whether everything is made ahead of time for it. */
  readonly isWarm?: boolean;
  /** Whether one check for each promise is enough: another language, or the strongest layers, pass the full suite. */
  readonly isBrief?: boolean;
  /** What sets its host apart from that of other suites in the same run. */
  readonly where?: string;
}

/**
 * Registers the suite for one runtime in one language. In the full suite each check of a single program runs twice: in an
 * environment that lasts, and in one of a single use, which a runtime may make in another way, or in advance.
 */
export function testConformance(runtime: ExecutionRuntime, options: ConformanceOptions): void {
  const { dialect, hasContexts, isBrief = false, isWarm = false, language } = options;
  const hasProcesses = dialect.processes !== undefined;
  const oneProgram = { ...PROGRAM_CHECKS, ...ENDING_CHECKS, ...DENIAL_CHECKS, ...(hasProcesses ? SIGNAL_CHECKS : {}) };
  const several = { ...LASTING_CHECKS, ...contextChecks(hasContexts), ...(hasProcesses ? CHILD_CHECKS : {}) };
  const limits = { ...LIMIT_CHECKS, ...(hasProcesses ? CHILD_LIMIT_CHECKS : {}) };
  const config = configureEnvironment(language);
  const tight = configureEnvironment(language, { resourceLimits: TIGHT });
  register(runtime, several, { ...options, config });
  if (!isBrief) {
    register(runtime, oneProgram, { ...options, config });
    register(runtime, limits, { ...options, config: tight });
  }
  const use = { singleUse: true, ...(isWarm ? { runsMainFile: true } : {}) };
  register(runtime, oneProgram, { ...options, config: { ...config, ...use } });
  register(runtime, limits, { ...options, config: { ...tight, ...use } });
}

function register(
  runtime: ExecutionRuntime,
  checks: Checks,
  { language, dialect, deviations, config, isBrief = false, where }: ConformanceOptions & {
    readonly config: RuntimeConfig;
  },
): void {
  for (const [name, check] of Object.entries(checks)) {
    if (isBrief && !BRIEF.includes(name)) continue;
    const reason = deviations[name];
    const title = `[${runtime.name}${where === undefined ? "" : `, ${where}`}] ${language}: ${name}${
      config.runsMainFile === true ? " (warm)" : config.singleUse === true ? " (single use)" : ""
    }`;
    if (reason === undefined) Deno.test(title, () => withBench({ runtime, dialect, config }, check));
    else {
      Deno.test(`${title} — deviates: ${reason}`, async () => {
        await assertRejects(() => withBench({ runtime, dialect, config }, check), Error, "Values are not equal");
      });
    }
  }
}

import { type CanaryFinding, HONEST_CANARY } from "../../../core/diagnosis.ts";
import type { Outcome } from "../../../core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../core/limits.ts";
import { boundsOf } from "../container/host_config.ts";

/** What the report runs under: little, so that passing it takes little time. */
export const CANARY_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  timeoutMs: 10_000,
  memoryMb: 64,
  maxProcesses: 8,
  diskMb: 8,
};

/** What a container of one OCI runtime is promised to be. */
export interface Claims {
  /** Whether the Engine filters system calls. */
  readonly hasSeccomp: boolean;
  readonly limitsMemory: boolean;
  readonly limitsProcesses: boolean;
}

/** What of a report is known outside the container. */
export interface Bait {
  /** The name of the files that the report leaves wherever it can. */
  readonly marker: string;
  /** How often somebody has connected to where the self-test listens. */
  connections(): number;
  /** What stands in the environment of the service itself, as NAME=value. */
  readonly ownVariables: readonly string[];
  /** The command line of the service itself, one word a line. */
  readonly ownCommandLine: string;
}

/** What came of a program. */
interface Ran {
  readonly output: string;
  readonly outcome: Outcome;
}

/** What came of the program that tries everything, and of the one that takes more memory than it may. */
export interface Seen extends Ran {
  /** The paths that differ in its container from the image, as the Engine tells. */
  readonly changedPaths: readonly string[];
  /** The latter; undefined where none was run. */
  readonly greedy?: Ran | undefined;
}

/** What is promised of containers, and how it is told that it does not hold. */
interface Canary {
  readonly name: string;
  readonly promise: string;
  /** What it costs that the promise is broken: the runtime, the filter's part of the level, or the limits' part. */
  readonly guards: "runtime" | "filter" | "limit";
  /** Whether it is promised at all; absent, always. */
  readonly isClaimed?: (claims: Claims) => boolean;
  /** What was seen that breaks the promise; undefined where it was kept. */
  readonly fault: (seen: Seen, bait: Bait) => string | undefined;
}

const CAPABILITY_SETS = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
/** Mode 2 of seccomp(2): a filter. */
const FILTERED = "2";
/** The init, the launcher, the report and what it starts. */
const MOST_PROCESSES = 12;

/** SECURITY's kinds, and an honest program. */
export const CANARIES: readonly Canary[] = [
  {
    name: HONEST_CANARY,
    promise: "an honest program runs",
    guards: "runtime",
    fault: ({ output, outcome }) => {
      const missing = ["honest 42", "over"].filter((line) => !linesOf(output).includes(line));
      return missing.length === 0
        ? undefined
        : `it ended with ${JSON.stringify(outcome)} before it said "${missing[0]}"`;
    },
  },
  {
    name: "network",
    promise: "nothing is reached over the network",
    guards: "runtime",
    fault: ({ output }, { connections }) => {
      if (connections() > 0) return "a program connected to this machine";
      const [route] = wordsAfter(output, "route");
      return route === undefined ? undefined : `a program has a route to a network (${route})`;
    },
  },
  {
    name: "root",
    promise: "nothing is written outside the workspace and /tmp",
    guards: "runtime",
    fault: ({ changedPaths, output }, { marker }) => {
      const written = wordsAfter(output, "wrote")[0] ?? changedPaths.find((path) => path.endsWith(`/${marker}`));
      return written === undefined ? undefined : `a program wrote to ${written}`;
    },
  },
  {
    name: "environment",
    promise: "no variable of the service is seen",
    guards: "runtime",
    fault: ({ output }, { ownVariables }) => {
      const seen = ownVariables.find((variable) => `\n${output}`.includes(`\n${variable}\n`));
      return seen === undefined ? undefined : `the service's own ${seen.slice(0, seen.indexOf("="))} was seen`;
    },
  },
  {
    name: "processes",
    promise: "no process outside the container is seen",
    guards: "runtime",
    fault: ({ output }, { ownCommandLine }) => {
      const count = wordsAfter(output, "process").length;
      if (ownCommandLine !== "" && output.includes(`\n${ownCommandLine}`)) return "a program saw the service's process";
      return count <= MOST_PROCESSES ? undefined : `a program saw ${count} processes`;
    },
  },
  {
    name: "privileges",
    promise: "a program has no privilege, and gains none",
    guards: "runtime",
    fault: ({ output }) => {
      const status = statusOf(output);
      const held = CAPABILITY_SETS.find((set) => !/^0*$/.test(status.get(`${set}:`) ?? "0"));
      if (held !== undefined) return `a program holds capabilities (${held} ${status.get(`${held}:`)})`;
      if (!/^[1-9]/.test(status.get("Uid:") ?? "")) return "a program runs as root";
      return status.get("NoNewPrivs:") === "0" ? "a program may gain privileges (NoNewPrivs 0)" : undefined;
    },
  },
  {
    name: "seccomp",
    promise: "system calls are filtered",
    guards: "filter",
    isClaimed: ({ hasSeccomp }) => hasSeccomp,
    fault: ({ output }) => {
      const mode = statusOf(output).get("Seccomp:");
      return mode === FILTERED ? undefined : `system calls are not filtered (Seccomp ${mode})`;
    },
  },
  {
    name: "process_count",
    promise: "no more processes are started than the limit says",
    guards: "limit",
    isClaimed: ({ limitsProcesses }) => limitsProcesses,
    fault: ({ outcome, output }) => {
      const count = linesOf(output).filter((line) => line === "child").length;
      const most = boundsOf(CANARY_LIMITS, { compiling: false }).tasks;
      if (count > 0 && count < most) return undefined;
      return `a program started ${count} processes, and ended with ${JSON.stringify(outcome)}`;
    },
  },
  {
    name: "memory",
    promise: "no more memory is used than the limit says",
    guards: "limit",
    isClaimed: ({ limitsMemory }) => limitsMemory,
    fault: ({ greedy }) =>
      greedy?.outcome.kind === "memory_limit" ? undefined : `it ended with ${JSON.stringify(greedy?.outcome)}`,
  },
];

/** The canaries of what is claimed. */
export function claimed(claims: Claims): Canary[] {
  return CANARIES.filter(({ isClaimed }) => isClaimed?.(claims) ?? true);
}

/** What each canary came to. */
export function judge(canaries: readonly Canary[], seen: Seen, bait: Bait): CanaryFinding[] {
  return canaries.map(({ name, promise, fault }) => {
    const detail = fault(seen, bait);
    return detail === undefined ? { name, promise, kept: true } : { name, promise, kept: false, detail };
  });
}

/** The findings that are broken and guard one thing. */
export function brokenOf(findings: readonly CanaryFinding[], guards: Canary["guards"]): CanaryFinding[] {
  const names = CANARIES.filter((canary) => canary.guards === guards).map(({ name }) => name);
  return findings.filter(({ kept, name }) => !kept && names.includes(name));
}

function linesOf(output: string): string[] {
  return output.split("\n");
}

/** What stands behind a word at the beginning of a line. */
function wordsAfter(output: string, word: string): string[] {
  return linesOf(output).flatMap((line) => line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []);
}

/** What the kernel says of the program (proc_pid_status(5)), the first word of each line. */
function statusOf(output: string): Map<string, string> {
  return new Map(
    wordsAfter(output, "status").map((line) => {
      const [key = "", value = ""] = line.split(/\s+/);
      return [key, value];
    }),
  );
}

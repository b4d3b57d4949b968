import type { Outcome } from "../../../core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../core/limits.ts";
import { type Canary, HONEST_CANARY } from "../../self_test/canary.ts";
import type { Observed } from "../../self_test/run_program.ts";
import { boundsOf } from "../container/container_limits.ts";

/** The limits of the canaries. They are low, so that a program reaches them soon. */
export const CANARY_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  timeoutMs: 10_000,
  memoryMb: 64,
  maxProcesses: 8,
  diskMb: 8,
};

/** Promises that depend on the Engine and the OCI runtime. */
export interface ContainerPromises {
  /** Whether the Engine filters system calls. */
  readonly hasSeccomp: boolean;
  readonly limitsMemory: boolean;
  readonly limitsProcesses: boolean;
}

/** The observed effects of the self-test's programs, and the service's own traits. */
export interface Observation extends Observed {
  /** The paths in which the container differs from its image, as the Engine reports. */
  readonly changedPaths: readonly string[];
  /** The end of the program that exceeds its memory; undefined where none ran. */
  readonly greedyOutcome?: Outcome | undefined;
  /** How many connections the self-test's own ports have had. */
  readonly connections: number;
  /** The name of the files that the report leaves wherever it can. */
  readonly marker: string;
  /** The environment of the service itself, as NAME=value. */
  readonly ownVariables: readonly string[];
  /** The command line of the service itself, one word a line. */
  readonly ownCommandLine: string;
}

interface ContainerCanary extends Canary<Observation> {
  /** Whether the promise is made; absent, always. */
  readonly isPromised?: (promises: ContainerPromises) => boolean;
}

const CAPABILITY_SETS = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
/** Mode 2 of seccomp(2): a filter. */
const FILTERED = "2";
/** The most processes that the report may see. They are the init, the launcher, itself and its children. */
const MOST_PROCESSES = 12;

/** The canaries: an honest program, and one for each promise of a container. */
export const CANARIES: readonly ContainerCanary[] = [
  {
    name: HONEST_CANARY,
    promise: "an honest program runs",
    cost: "runtime",
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
    cost: "runtime",
    fault: ({ connections, output }) => {
      if (connections > 0) return "a program connected to this machine";
      const [route] = wordsAfter(output, "route");
      return route === undefined ? undefined : `a program has a route to a network (${route})`;
    },
  },
  {
    name: "root",
    promise: "nothing is written outside the workspace and /tmp",
    cost: "runtime",
    fault: ({ changedPaths, marker, output }) => {
      const written = wordsAfter(output, "wrote")[0] ?? changedPaths.find((path) => path.endsWith(`/${marker}`));
      return written === undefined ? undefined : `a program wrote to ${written}`;
    },
  },
  {
    name: "environment",
    promise: "no variable of the service is seen",
    cost: "runtime",
    fault: ({ output, ownVariables }) => {
      const seen = ownVariables.find((variable) => `\n${output}`.includes(`\n${variable}\n`));
      return seen === undefined ? undefined : `the service's own ${seen.slice(0, seen.indexOf("="))} was seen`;
    },
  },
  {
    name: "processes",
    promise: "no process outside the container is seen",
    cost: "runtime",
    fault: ({ output, ownCommandLine }) => {
      const count = wordsAfter(output, "process").length;
      if (ownCommandLine !== "" && output.includes(`\n${ownCommandLine}`)) return "a program saw the service's process";
      return count <= MOST_PROCESSES ? undefined : `a program saw ${count} processes`;
    },
  },
  {
    name: "privileges",
    promise: "a program has no privilege, and gains none",
    cost: "runtime",
    fault: ({ output }) => {
      const status = statusOf(output);
      const capabilitySet = CAPABILITY_SETS.find((set) => !/^0*$/.test(status.get(`${set}:`) ?? "0"));
      if (capabilitySet !== undefined) {
        return `a program holds capabilities (${capabilitySet} ${status.get(`${capabilitySet}:`)})`;
      }
      if (!/^[1-9]/.test(status.get("Uid:") ?? "")) return "a program runs as root";
      return status.get("NoNewPrivs:") === "0" ? "a program may gain privileges (NoNewPrivs 0)" : undefined;
    },
  },
  {
    name: "seccomp",
    promise: "system calls are filtered",
    cost: "filter",
    isPromised: ({ hasSeccomp }) => hasSeccomp,
    fault: ({ output }) => {
      const mode = statusOf(output).get("Seccomp:");
      return mode === FILTERED ? undefined : `system calls are not filtered (Seccomp ${mode})`;
    },
  },
  {
    name: "process_count",
    promise: "no more processes are started than the limit says",
    cost: "limit",
    isPromised: ({ limitsProcesses }) => limitsProcesses,
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
    cost: "limit",
    isPromised: ({ limitsMemory }) => limitsMemory,
    fault: ({ greedyOutcome }) =>
      greedyOutcome?.kind === "memory_limit" ? undefined : `it ended with ${JSON.stringify(greedyOutcome)}`,
  },
];

/** The canaries of promises that are made. */
export function promisedCanaries(promises: ContainerPromises): readonly ContainerCanary[] {
  return CANARIES.filter(({ isPromised }) => isPromised?.(promises) ?? true);
}

function linesOf(output: string): string[] {
  return output.split("\n");
}

/** The lines that begin with a word, without that word. */
function wordsAfter(output: string, word: string): string[] {
  return linesOf(output).flatMap((line) => line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []);
}

/** The kernel's status of the program (proc_pid_status(5)): the first word of each value. */
function statusOf(output: string): Map<string, string> {
  return new Map(
    wordsAfter(output, "status").map((line) => {
      const [key = "", value = ""] = line.split(/\s+/);
      return [key, value];
    }),
  );
}

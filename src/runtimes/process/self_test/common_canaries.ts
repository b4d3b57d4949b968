import { HONEST_CANARY } from "../../self_test/canary.ts";
import type { FileCanary } from "./program_canary.ts";

type Files = FileCanary["files"];

/** What the honest program prints. */
export const HONEST_OUTPUT = "42\n";

/** The canary whose program prints 42. */
export function honestCanary(files: Files): FileCanary {
  return {
    name: HONEST_CANARY,
    promise: "an honest program runs",
    cost: "runtime",
    files,
    fault: ({ output, outcome }) =>
      output === HONEST_OUTPUT && outcome.kind === "exited" && outcome.exitCode === 0
        ? undefined
        : `it printed ${JSON.stringify(output.slice(0, 200))} and ended with ${JSON.stringify(outcome)}`,
  };
}

/** The canary whose program connects to the port of its targets. */
export function networkCanary(files: Files): FileCanary {
  return {
    name: "network",
    promise: "nothing is reached over the network",
    cost: "runtime",
    files,
    fault: ({ targets }) => targets.connections() > 0 ? "a program connected to this machine" : undefined,
  };
}

/** The canary whose program takes 1 GB of memory. */
export function memoryCanary(files: Files): FileCanary {
  return {
    name: "memory",
    promise: "no more memory is used than the limit says",
    cost: "limit",
    files,
    fault: ({ outcome }) => outcome.kind === "memory_limit" ? undefined : `it ended with ${JSON.stringify(outcome)}`,
  };
}

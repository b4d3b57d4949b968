import { HONEST_CANARY } from "../../self_test/canary.ts";
import type { FileCanary } from "./program_canary.ts";

type Files = FileCanary["files"];

/** The output of the honest program. */
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

/** A canary whose program tries to print the secret file of its targets. */
export function secretCanary(
  own: Pick<FileCanary, "name" | "promise" | "files" | "links"> & {
    /** The fault to report where the secret is printed. */
    readonly wrong: string;
  },
): FileCanary {
  const { wrong, ...canary } = own;
  return {
    ...canary,
    cost: "runtime",
    fault: ({ output, targets: { secret } }) => output.includes(secret) ? wrong : undefined,
  };
}

/**
 * The canary whose program prints two symlinks to the secret file. It makes `own` itself; `planted` is there before.
 */
export function symlinkCanary(files: Files): FileCanary {
  return secretCanary({
    name: "symlink",
    promise: "a symlink leads out of no workspace",
    files,
    links: ({ hidesFiles, secretPath }): Record<string, string> => hidesFiles ? { planted: secretPath } : {},
    wrong: "a symlink led to a file of the host",
  });
}

/** The canary whose program prints variables, each as NAME=value and a NUL. */
export function environmentCanary(files: Files): FileCanary {
  return {
    name: "environment",
    promise: "no variable of the service is seen",
    cost: "runtime",
    files,
    fault: ({ output, targets }) => {
      const printed = new Set(output.trimStart().split(/\0\n*/));
      const seen = targets.ownVariables.find((variable) => printed.has(variable));
      return seen === undefined ? undefined : `the service's own ${seen.slice(0, seen.indexOf("="))} was seen`;
    },
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

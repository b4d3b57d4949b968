import { dirname } from "@std/path";
import type { RuntimeFacts } from "../../entry.ts";
import type { Confinement } from "../../../sandbox/confinement.ts";
import { KERNEL_FILES } from "../../../sandbox/system_files.ts";
import type { ProgramCanary } from "./program_canary.ts";
import type { ProcessSpec } from "../spec.ts";

/** Variables that a shell command has, with values that may be the service's too. */
const SHELL_VARIABLES = /^(?:PATH|HOME|TMPDIR|LANG|PWD)=/;

/** The canaries of the layers themselves: shell commands, which no runtime checks. */
export const LAYER_CANARIES: readonly ProgramCanary[] = [
  {
    name: "launchers",
    promise: "no command line or variable of a launcher is seen",
    cost: "filter",
    line: "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ",
    fault: ({ output, targets: { ownVariables, secretPath } }) => {
      const variables = ownVariables.filter((variable) => !SHELL_VARIABLES.test(variable));
      return [dirname(secretPath), ...variables].some((text) => output.includes(text))
        ? "a command line or the environment of a launcher was seen"
        : undefined;
    },
  },
  {
    name: "kernel_files",
    promise: "files that describe the kernel are empty",
    cost: "filter",
    line: `cat ${KERNEL_FILES.join(" ")} 2>/dev/null`,
    fault: ({ output }) => output === "" ? undefined : "a file that describes the kernel was read",
  },
  {
    name: "system_calls",
    promise: "system calls off the allow list are refused",
    cost: "filter",
    // It calls personality(2), which the list does not have.
    line: "setarch --addr-no-randomize echo allowed",
    fault: ({ output }) => output.includes("allowed") ? "personality(2) was allowed" : undefined,
  },
];

/** The canaries of the layers where a program shares the namespaces of this machine. */
export const SHARED_CANARIES: readonly ProgramCanary[] = [
  {
    name: "left_behind",
    promise: "no process leaves its program, and no object stays in the kernel",
    cost: "runtime",
    line: "setsid echo left; ipcmk --queue",
    fault: ({ output }) => /left|queue id/.test(output) ? "a session or a message queue was made" : undefined,
  },
  {
    name: "signals",
    promise: "no process of another user is signalled",
    cost: "runtime",
    // A line with the service's own number would differ from start to start, and its verdict never be remembered.
    line: "kill -0 1 && echo signalled",
    fault: ({ output }) => output.includes("signalled") ? "a process of another user was signalled" : undefined,
  },
];

/** The parts of a spec that its canaries depend on. */
export interface TestedSpec extends Pick<ProcessSpec, "selfTest"> {
  readonly facts: Pick<RuntimeFacts, "runsAnyCommandLine">;
}

/** The canaries of a runtime. Where it runs any command line, those of the layers are among them. */
export function canariesOf(
  { facts, selfTest }: TestedSpec,
  { canMount, isSandbox }: Pick<Confinement, "canMount" | "isSandbox">,
): readonly ProgramCanary[] {
  if (!facts.runsAnyCommandLine || !isSandbox) return selfTest.canaries;
  return [...selfTest.canaries, ...LAYER_CANARIES, ...(canMount ? [] : SHARED_CANARIES)];
}

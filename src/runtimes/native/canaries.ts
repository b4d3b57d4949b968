import { mainFileOf } from "../../core/languages.ts";
import { HONEST_CANARY } from "../self_test/canary.ts";
import type { ProgramCanary } from "../process/program_canary.ts";
import type { LanguageRow } from "./languages/row.ts";

/** The kinds of escape that SECURITY names, and an honest program, in one language. */
export function canariesIn(
  language: string,
  { mainFile = mainFileOf(language), programs }: LanguageRow,
): readonly ProgramCanary[] {
  if (programs === undefined) return [];
  const code = (text: string) => ({ [mainFile]: text });
  return [
    {
      name: HONEST_CANARY,
      promise: "an honest program runs",
      cost: "runtime",
      files: () => code(programs.honest),
      fault: ({ output, outcome }) =>
        output === "42\n" && outcome.kind === "exited" && outcome.exitCode === 0
          ? undefined
          : `it printed ${JSON.stringify(output.slice(0, 200))} and ended with ${JSON.stringify(outcome)}`,
    },
    {
      name: "files",
      promise: "no file of the host is read",
      cost: "runtime",
      files: ({ secretPath }) => code(programs.readFile(secretPath)),
      fault: ({ output, targets: { secret } }) => output.includes(secret) ? "a file of the host was read" : undefined,
    },
    {
      name: "network",
      promise: "nothing is reached over the network",
      cost: "runtime",
      files: ({ port }) => code(programs.connect(port)),
      fault: ({ targets }) => targets.connections() > 0 ? "a program connected to this machine" : undefined,
    },
    {
      name: "environment",
      promise: "no variable of the service is seen",
      cost: "runtime",
      files: () => code(programs.readFile("/proc/self/environ")),
      fault: ({ output, targets }) => {
        const seen = targets.ownVariables.find((variable) => output.split("\0").includes(variable));
        return seen === undefined ? undefined : `the service's own ${seen.slice(0, seen.indexOf("="))} was seen`;
      },
    },
    {
      name: "memory",
      promise: "no more memory is used than the limit says",
      cost: "limit",
      files: () => code(programs.exhaust),
      fault: ({ outcome }) => outcome.kind === "memory_limit" ? undefined : `it ended with ${JSON.stringify(outcome)}`,
    },
  ];
}

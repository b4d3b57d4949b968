import { mainFileOf } from "../../core/languages.ts";
import { honestCanary, memoryCanary, networkCanary } from "../process/self_test/common_canaries.ts";
import type { ProgramCanary } from "../process/self_test/program_canary.ts";
import type { LanguageRow } from "./languages/row.ts";

/** The kinds of escape that SECURITY names, and an honest program, in one language. */
export function canariesIn(
  language: string,
  { mainFile = mainFileOf(language), programs }: LanguageRow,
): readonly ProgramCanary[] {
  if (programs === undefined) return [];
  const code = (text: string) => ({ [mainFile]: text });
  return [
    honestCanary(() => code(programs.honest)),
    {
      name: "files",
      promise: "no file of the host is read",
      cost: "runtime",
      files: ({ secretPath }) => code(programs.readFile(secretPath)),
      fault: ({ output, targets: { secret } }) => output.includes(secret) ? "a file of the host was read" : undefined,
    },
    networkCanary(({ port }) => code(programs.connect(port))),
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
    memoryCanary(() => code(programs.exhaust)),
  ];
}

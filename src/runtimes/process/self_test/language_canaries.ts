import { honestCanary, memoryCanary, networkCanary } from "./common_canaries.ts";
import type { ProgramCanary } from "./program_canary.ts";

/** Programs of the self-test in one language. */
export interface TestPrograms {
  /** Prints 42 and a line feed. */
  readonly honest: string;
  /** Prints the file at a path, and does not fail where it cannot. */
  readFile(path: string): string;
  /** Connects to a port of 127.0.0.1, and does not fail where it cannot. */
  connect(port: number): string;
  /** Takes 1 GB of memory, as much as it is given. */
  readonly exhaust: string;
}

/** The kinds of escape that SECURITY names, and an honest program, in a language whose main file has this name. */
export function languageCanaries(mainFile: string, programs: TestPrograms): readonly ProgramCanary[] {
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

import { environmentCanary, honestCanary, memoryCanary, networkCanary, secretCanary } from "./common_canaries.ts";
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
    secretCanary({
      name: "files",
      promise: "no file of the host is read",
      files: ({ secretPath }) => code(programs.readFile(secretPath)),
      wrong: "a file of the host was read",
    }),
    networkCanary(({ port }) => code(programs.connect(port))),
    environmentCanary(() => code(programs.readFile("/proc/self/environ"))),
    memoryCanary(() => code(programs.exhaust)),
  ];
}

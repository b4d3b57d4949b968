import type { Surface } from "../../../core/needs.ts";
import {
  environmentCanary,
  HONEST_OUTPUT,
  honestCanary,
  memoryCanary,
  networkCanary,
  secretCanary,
} from "./common_canaries.ts";
import type { BinarySpec } from "../spec.ts";
import type { ProgramCanary } from "./program_canary.ts";

/** Programs of the self-test in one language. */
export interface TestPrograms {
  /** Prints 42 and a line feed. */
  readonly honest: string;
  /** Prints the file at a path, and does not fail where it cannot. */
  readFile(path: string): string;
  /** Connects to a port of 127.0.0.1, and does not fail where it cannot. Absent, the language has no sockets here. */
  connect?(port: number): string;
  /**
   * Takes 1 GB of memory, or as much as it gets. Where it gets no more, it ends as programs of its language do without
   * memory, or else keeps its memory: a busy service samples it late.
   */
  readonly exhaust: string;
}

/** A program that lists modules, and the meaning of its list. */
export interface ModuleProbe {
  /** The program's code, which runs after the honest program. */
  readonly code: string;
  /** The surface that a list shows; undefined where it shows none. */
  surfaceOf(list: string): Surface | undefined;
}

/** How a binary is tested to run programs of its language. */
export interface LanguageProbe {
  /** The binary's name in a message. */
  readonly title: string;
  /** The programs of the test; absent, any binary will do. */
  readonly programs?: TestPrograms;
  /** The probe for modules; absent, the binary's modules are not known. */
  readonly modules?: ModuleProbe;
  /** How long the honest program may take; absent, as long as most. */
  readonly timeoutMs?: number | undefined;
}

/** The probe of a binary, which will do if it runs the honest program. */
export function languageProbe(
  language: string,
  { modules, programs, timeoutMs, title }: LanguageProbe,
): BinarySpec["probe"] {
  return {
    language,
    code: [programs?.honest ?? "", modules?.code ?? ""].join("\n"),
    timeoutMs,
    whyNot(output) {
      if (programs === undefined || output.startsWith(HONEST_OUTPUT)) return undefined;
      return `${title} does not run an honest program here: it printed ${JSON.stringify(output.slice(0, 200))}`;
    },
    surfaceOf: (output) => modules?.surfaceOf(output.slice(HONEST_OUTPUT.length)),
  };
}

/**
 * The canaries of a language: an honest program, and one for each kind of escape. `mainFile` is the name of their main
 * file.
 */
export function languageCanaries(mainFile: string, programs: TestPrograms): readonly ProgramCanary[] {
  const { connect, exhaust, honest, readFile } = programs;
  const code = (text: string) => ({ [mainFile]: text });
  return [
    honestCanary(() => code(honest)),
    secretCanary({
      name: "files",
      promise: "no file of the host is read",
      files: ({ secretPath }) => code(readFile(secretPath)),
      wrong: "a file of the host was read",
    }),
    ...(connect === undefined ? [] : [networkCanary(({ port }) => code(connect(port)))]),
    environmentCanary(() => code(readFile("/proc/self/environ"))),
    memoryCanary(() => code(exhaust)),
  ];
}

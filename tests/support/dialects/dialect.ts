import type { Availability } from "../../../src/core/capabilities.ts";

/** The same small programs in each language that a runtime may speak, for the conformance suite. */
export interface Dialect {
  /** What makes its programs, where that is not on every machine; absent, they are their text. */
  readonly needs?: { readonly name: string; availability(): Promise<Availability> };
  /** The file of a program; absent, its text. */
  encode?(code: string): Promise<Uint8Array<ArrayBuffer>>;
  readonly hello: string;
  /** Two cells of a context: what the first declares makes the second 42. Absent where no runtime has contexts. */
  readonly cells?: { readonly declare: string; readonly use: string };
  readonly echoStdin: string;
  /** Prints its arguments, joined by a bar. */
  readonly printArgs: string;
  /** Prints the value, or anything else where the variable is unset. */
  readonly printVariable: (name: string) => string;
  readonly exitWith: (code: number) => string;
  /** Fails with an uncaught error of this message on line 3, and with exit code 1. */
  readonly failOnLine3: (message: string) => string;
  readonly spin: string;
  /** Prints "ready", then sleeps. */
  readonly sleep: string;
  /** Prints "ready", ignores SIGTERM and goes on for ever. */
  readonly ignoreSigterm: string;
  /** Prints the letter x for ever. */
  readonly floodStdout: string;
  /** Prints the alphabet round and round, each letter by a system call of its own. */
  readonly writeSingleBytes: (count: number) => string;
  /** Prints "ok" and the first two bytes of a three-byte character, then sleeps. */
  readonly halfCharacter: string;
  /** Takes memory, and writes to it, until it is ended. */
  readonly allocateForEver: string;
  readonly writeFile: (path: string, text: string) => string;
  /** Prints the bytes of a file and nothing else; fails where it cannot read it. */
  readonly printFile: (path: string) => string;
  /** Prints "main" when it is the main module. */
  readonly printIsMain: string;
  /** Connects to a port of this machine and prints "connected"; fails where it cannot. */
  readonly connect: (port: number) => string;
  /** Tries port 443 of each host, catches what that throws, and prints "caught" in the end. */
  readonly reach: (hosts: readonly string[]) => string;
  readonly limits: LimitPrograms;
  /** Absent where a program cannot start or signal processes on every runtime that speaks the language. */
  readonly processes?: ProcessPrograms;
}

/** Where a program writes files: its workspace, or what `TMPDIR` names. */
export type Place = "workspace" | "temporary";

/**
 * Programs that use much of one thing. Each prints "before" at first, and "done" when it has what it was to take, which it then
 * holds for a moment; where it is refused more, it waits to be ended.
 */
export interface LimitPrograms {
  /** Takes so many MB of memory that the language manages, and writes to them. */
  readonly takeHeap: (megabytes: number) => string;
  /** Takes so many MB beside that; absent where the language has nothing else. */
  readonly takeBesideHeap?: (megabytes: number) => string;
  /** Spins in several threads at the same time for ever; absent where the language has none. */
  readonly spinInThreads?: string;
  /** Opens a file so often. */
  readonly openFiles: (count: number) => string;
  /** Writes so many files of so many bytes each, and exits with 0 as soon as one cannot be written. */
  readonly writeFiles: (options: { readonly place: Place; readonly count: number; readonly bytes: number }) => string;
  /** Makes a file that is so many MB long and holds nothing. */
  readonly makeSparseFile: (megabytes: number) => string;
  /** Prints the letter x on stderr for ever. */
  readonly floodStderr: string;
}

/** Programs that start and signal processes. */
export interface ProcessPrograms {
  /** Sends itself SIGKILL. */
  readonly killSelf: string;
  /** Leaves a child in a session of its own, which makes a file after a second, and exits at once. */
  readonly leaveChild: (path: string, output: ChildOutput) => string;
  /** Prints "before", starts so many children that each run this with `sh -c`, prints "done" and waits for them; for ever, where it cannot start one. */
  readonly startChildren: (count: number, script: string) => string;
}

/** Takes so many bytes of memory, and holds them. */
export function holdMemory(bytes: number): string {
  return `{ head -c ${bytes} /dev/zero; sleep 30; } | tail -c ${bytes} > /dev/null`;
}

/** Whether a child holds the stdout and stderr of its parent, or none. */
export type ChildOutput = "inherited" | "none";

/** A command line for `sh -c` that makes a file after a second. */
export function makeFileLater(path: string): string {
  return `sleep 1; : > ${quoteForShell(path)}`;
}

/** A word of a shell script that stands for exactly this text. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

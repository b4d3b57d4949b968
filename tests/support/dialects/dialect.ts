/** The same small programs in each language that a runtime may speak, for the conformance suite. */
export interface Dialect {
  readonly hello: string;
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
  /** Writes to a file until it fails. */
  readonly writeHugeFile: (path: string) => string;
  /** Prints "main" when it is the main module. */
  readonly printIsMain: string;
  /** Connects to a port of this machine and prints "connected"; fails where it cannot. */
  readonly connect: (port: number) => string;
  /** Absent where a program cannot start or signal processes on every runtime that speaks the language. */
  readonly processes?: ProcessPrograms;
}

/** Programs that start and signal processes. */
export interface ProcessPrograms {
  /** Sends itself SIGKILL. */
  readonly killSelf: string;
  /** Leaves a child in a session of its own, which makes a file after a second, and exits at once. */
  readonly leaveChild: (path: string, output: ChildOutput) => string;
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

import { CodeBeakerError, messageOf } from "../core/errors.ts";

/** The exit code of a wrong command line. */
export const EXIT_USAGE = 2;

/** An output of a command: stdout or stderr of this process, or of a test. */
export interface Output {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

/**
 * Writes a line to stdout. Returns whether its reader still exists: `head` stops when it has enough.
 *
 * @throws {CodeBeakerError} `internal` where the line cannot be written, for example on a full disk
 */
export async function print(line: string, stdout: Output = Deno.stdout): Promise<boolean> {
  return await writeText(stdout, `${line}\n`);
}

/** Writes a line to stderr, as a best effort. No place is left to report a failure. */
export async function printError(line: string, stderr: Output = Deno.stderr): Promise<void> {
  await writeText(stderr, `${line}\n`).catch(() => {});
}

/**
 * Writes text. Returns whether its reader still exists.
 *
 * @throws {CodeBeakerError} `internal` where the text cannot be written
 */
export async function writeText(target: Output, text: string): Promise<boolean> {
  try {
    await writeAll(target, new TextEncoder().encode(text));
    return true;
  } catch (error) {
    if (isUnread(error)) return false;
    throw cannotWrite(error);
  }
}

/** Whether a write has failed because the reader is gone. */
export function isUnread(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe;
}

/** Makes the error for a write that failed for another reason than a lost reader. */
export function cannotWrite(cause: unknown): CodeBeakerError {
  return new CodeBeakerError("internal", `Cannot write the output as ${messageOf(cause)}`, { cause });
}

/** Writes every byte, in as many writes as it takes. */
export async function writeAll(target: Pick<Output, "write">, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await target.write(bytes.subarray(done));
}

/** Formats rows under a header. Each column is as wide as its widest cell. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n");
}

import { CodeBeakerError, messageOf } from "../core/errors.ts";

/** The exit code of a wrong command line. */
export const EXIT_USAGE = 2;

/**
 * Writes a line to stdout. Returns whether anybody reads it: `head` stops when it has enough.
 *
 * @throws {CodeBeakerError} `internal` where it cannot be written, as on a full disk
 */
export async function print(line: string): Promise<boolean> {
  try {
    await writeLine(Deno.stdout, line);
    return true;
  } catch (error) {
    if (isUnread(error)) return false;
    throw cannotWrite(error);
  }
}

/** Writes a line to stderr; best effort, since a failure has nowhere to be reported. */
export async function printError(line: string): Promise<void> {
  await writeLine(Deno.stderr, line).catch(() => {});
}

/** Whether a write has failed because the reader is gone. */
export function isUnread(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe;
}

/** The error for a write that has failed for another reason than a lost reader. */
export function cannotWrite(cause: unknown): CodeBeakerError {
  return new CodeBeakerError("internal", `Cannot write the output as ${messageOf(cause)}`, { cause });
}

async function writeLine(target: Parameters<typeof writeAll>[0], line: string): Promise<void> {
  await writeAll(target, new TextEncoder().encode(`${line}\n`));
}

/** Writes every byte, in as many writes as it takes. */
export async function writeAll(
  target: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await target.write(bytes.subarray(done));
}

/** Rows under a header, each column as wide as its widest cell. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n");
}

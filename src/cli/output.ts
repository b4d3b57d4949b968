/** What the shell is told when a command line is off. */
export const EXIT_USAGE = 2;

/** Writes a line to stdout. Returns whether anybody reads it: `head` stops when it has enough. */
export function print(line: string): Promise<boolean> {
  return writeLine(Deno.stdout, line);
}

/** Writes a line to stderr, for whoever reads it. */
export async function printError(line: string): Promise<void> {
  await writeLine(Deno.stderr, line);
}

async function writeLine(target: Parameters<typeof writeAll>[0], line: string): Promise<boolean> {
  try {
    await writeAll(target, new TextEncoder().encode(`${line}\n`));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
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

/** What the shell is told when a command line is off. */
export const EXIT_USAGE = 2;

/** Writes a line to stdout. */
export function print(line: string): Promise<void> {
  return writeAll(Deno.stdout, new TextEncoder().encode(`${line}\n`));
}

/** Writes a line to stderr. */
export function printError(line: string): Promise<void> {
  return writeAll(Deno.stderr, new TextEncoder().encode(`${line}\n`));
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

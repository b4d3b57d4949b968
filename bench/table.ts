/** One contender of a comparison. */
export interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

/** The value below which half of the samples lie. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** The value below which a share of the samples lies; NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length * share)] ?? Number.NaN;
}

/** Prints a table in Markdown, so that it can be pasted where it is wanted. */
export function printTable(title: string, header: readonly string[], rows: readonly Row[]): void {
  const lines = rows.map(({ name, cells }) => `| ${[name, ...cells].join(" | ")} |`);
  const text = [
    `## ${title}`,
    "",
    `| ${header.join(" | ")} |`,
    `|${header.map(() => " --- |").join("")}`,
    ...lines,
    "",
    "",
  ].join("\n");
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

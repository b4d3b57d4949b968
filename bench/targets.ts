import { printTable, type Row } from "./table.ts";

/** What was aimed at, and what was found in one run. */
export interface Target {
  readonly work: string;
  readonly unit: "×" | "ms" | "MB";
  readonly found: number;
  /** Met where what was found is at most this. */
  readonly atMost?: number;
  /** Met where it is at least this. */
  readonly atLeast?: number;
}

/** Prints what was aimed at beside what was found, whether or not that is enough. */
export function printTargets(targets: readonly Target[]): void {
  printTable("What was aimed at", ["work", "target", "found", "met"], targets.map(rowOf));
}

function rowOf({ atLeast, atMost, found, unit, work }: Target): Row {
  const digits = unit === "×" || found < 10 ? 2 : 0;
  const bound = atLeast === undefined ? `≤ ${atMost} ${unit}` : `≥ ${atLeast} ${unit}`;
  const isMet = found >= (atLeast ?? -Infinity) && found <= (atMost ?? Infinity);
  return { name: work, cells: [bound, `${found.toFixed(digits)} ${unit}`, isMet ? "yes" : "no"] };
}

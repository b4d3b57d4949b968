import { printTable, type Row } from "./table.ts";

/** A target of the design, and the measured value of one run. */
export interface Target {
  /** Its number in the design, as `P1`. */
  readonly id: `P${number}`;
  readonly work: string;
  readonly unit: "×" | "ms" | "MB";
  readonly measured: number;
  /** The largest value that meets it. */
  readonly atMost?: number;
  /** The smallest value that meets it. */
  readonly atLeast?: number;
}

/** Prints each target beside its measured value, and whether the value meets it. */
export function printTargets(targets: readonly Target[]): void {
  printTable("Targets", ["work", "target", "measured", "met"], targets.map(rowOf));
}

function rowOf({ atLeast, atMost, id, measured, unit, work }: Target): Row {
  const digits = unit === "×" || measured < 10 ? 2 : 0;
  const bound = atLeast === undefined ? `≤ ${atMost} ${unit}` : `≥ ${atLeast} ${unit}`;
  const isMet = measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity);
  return { name: `${id}: ${work}`, cells: [bound, `${measured.toFixed(digits)} ${unit}`, isMet ? "yes" : "no"] };
}

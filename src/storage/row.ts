import type { SQLOutputValue } from "node:sqlite";

/** A row of a result. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** Reads a text column that is never null. */
export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`Cannot read the column ${column} as it must be text: it is ${value}`);
  return value;
}

/** Reads a text column that may be null. */
export function textOrNullIn(row: Row, column: string): string | null {
  return row[column] === null ? null : textIn(row, column);
}

/** Reads a number column that is never null. */
export function numberIn(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") {
    throw new Error(`Cannot read the column ${column} as it must be a number: it is ${value}`);
  }
  return value;
}

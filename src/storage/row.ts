import type { SQLOutputValue } from "node:sqlite";

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

/** A column that the schema says holds text, and never null. */
export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`Cannot read the column ${column} as it must be text: it is ${value}`);
  return value;
}

/** A column that holds text or null. */
export function textOrNullIn(row: Row, column: string): string | null {
  return row[column] === null ? null : textIn(row, column);
}

/** A column that the schema says holds a number, and never null. */
export function numberIn(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") {
    throw new Error(`Cannot read the column ${column} as it must be a number: it is ${value}`);
  }
  return value;
}

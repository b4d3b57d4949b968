import { IDLE, type RunState } from "../api/run_state.ts";
import { keep, readKept } from "../parts/tab_storage.ts";

/** One cell: its code, and its latest run. */
export interface Cell {
  readonly id: number;
  readonly code: string;
  readonly state: RunState;
  /** The number of its latest run in the context; absent before. */
  readonly turn?: number;
}

/** Makes a cell with an id that no other has. */
export function newCell(cells: readonly Cell[], code = ""): Cell {
  return { id: 1 + Math.max(0, ...cells.map(({ id }) => id)), code, state: IDLE };
}

/** Adds an empty cell behind another; behind the last one without an id. */
export function addCell(cells: readonly Cell[], after?: number): readonly Cell[] {
  const index = cells.findIndex(({ id }) => id === after);
  const at = index < 0 ? cells.length : index + 1;
  return [...cells.slice(0, at), newCell(cells), ...cells.slice(at)];
}

/** Removes a cell. One cell always stays: in place of the last comes an empty one, with an id of its own. */
export function removeCell(cells: readonly Cell[], id: number): readonly Cell[] {
  const kept = cells.filter((cell) => cell.id !== id);
  return kept.length > 0 ? kept : [newCell(cells)];
}

/** Changes a cell. */
export function changeCell(cells: readonly Cell[], id: number, changes: Partial<Cell>): readonly Cell[] {
  return cells.map((cell) => cell.id === id ? { ...cell, ...changes } : cell);
}

/** The cells that this tab had last in a language, without their runs. At first, a sample. */
export function loadCells(language: string): readonly Cell[] {
  const kept = readKept(keptAs(language));
  const codes = Array.isArray(kept) && kept.length > 0 ? kept.map(String) : [sampleOf(language)];
  return codes.map((code, index) => ({ id: index + 1, code, state: IDLE }));
}

/** Keeps the code of cells for this tab. */
export function saveCells(language: string, cells: readonly Cell[]): void {
  keep(keptAs(language), cells.map(({ code }) => code));
}

function keptAs(language: string): string {
  return `codebeaker.cells.${language}`;
}

function sampleOf(language: string): string {
  if (language === "python") return "import math\n\nsquares = [n * n for n in range(8)]\nsum(squares), math.sqrt(2)";
  return "const squares = [1, 2, 3, 4].map((n) => n * n);\nsquares";
}

import { IDLE, type RunState } from "../api/run_state.ts";
import { forget, keep, readKept } from "../parts/tab_storage.ts";

/** One cell: its code or its Markdown, and its latest run. */
export interface Cell {
  readonly id: number;
  readonly kind: "code" | "markdown";
  readonly code: string;
  /** What the cell reads as standard input; absent, nothing. */
  readonly stdin?: string;
  readonly state: RunState;
  /** The number of its latest run in the context; absent before. */
  readonly turn?: number;
}

/** Most characters of outputs that are kept. Browsers have room for five million, which programs' files share. */
const MAX_LENGTH_OF_OUTPUTS = 1_000_000;

/** Makes a cell with an id that no other has. */
export function newCell(cells: readonly Cell[], code = ""): Cell {
  return { id: 1 + Math.max(0, ...cells.map(({ id }) => id)), kind: "code", code, state: IDLE };
}

/** Adds an empty cell behind another; behind the last one without an id. */
export function addCell(cells: readonly Cell[], after?: number): readonly Cell[] {
  const index = cells.findIndex(({ id }) => id === after);
  const at = index < 0 ? cells.length : index + 1;
  return [...cells.slice(0, at), newCell(cells), ...cells.slice(at)];
}

/** Adds an empty cell before another. */
export function addCellBefore(cells: readonly Cell[], before: number): readonly Cell[] {
  const at = Math.max(0, cells.findIndex(({ id }) => id === before));
  return [...cells.slice(0, at), newCell(cells), ...cells.slice(at)];
}

/** Moves a cell up (-1) or down (1). The first one and the last one stay within the list. */
export function moveCell(cells: readonly Cell[], id: number, by: -1 | 1): readonly Cell[] {
  const from = cells.findIndex((cell) => cell.id === id);
  const [cell, other] = [cells[from], cells[from + by]];
  if (cell === undefined || other === undefined) return cells;
  return cells.with(from, other).with(from + by, cell);
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

/** Sets the standard input of a cell. Undefined, the cell has none. */
export function setStdin(cells: readonly Cell[], id: number, stdin: string | undefined): readonly Cell[] {
  return cells.map((cell) => {
    if (cell.id !== id) return cell;
    const { stdin: _, ...rest } = cell;
    return stdin === undefined ? rest : { ...rest, stdin };
  });
}

/** Removes what cells have printed, displayed and returned; of all of them without an id. */
export function clearOutputs(cells: readonly Cell[], id?: number): readonly Cell[] {
  return cells.map((cell) => {
    if (id !== undefined && cell.id !== id) return cell;
    const { turn: _, ...rest } = cell;
    return { ...rest, state: IDLE };
  });
}

/** The cells that this tab had last in a language, with their outputs. At first, a sample. */
export function loadCells(language: string): readonly Cell[] {
  const kept = readKept(keptAs(language));
  const outputs = readKept(outputsKeptAs(language));
  const found = Array.isArray(kept) && kept.length > 0 ? kept : [sampleOf(language)];
  return found.map((one, index): Cell => {
    const { code, kind, stdin } = typeof one === "object" && one !== null ? one : { code: one, kind: "code" };
    const run = Array.isArray(outputs) ? outputs[index] : undefined;
    return {
      ...{ id: index + 1, kind: kind === "markdown" ? "markdown" : "code", code: String(code), state: IDLE },
      ...(typeof stdin === "string" ? { stdin } : {}),
      ...(typeof run === "object" && run !== null ? run : {}),
    };
  });
}

/** Keeps the code of cells for this tab. */
export function saveCells(language: string, cells: readonly Cell[]): void {
  const kept = cells.map(({ code, kind, stdin }) => ({ code, kind, stdin }));
  if (keep(keptAs(language), kept)) return;
  forget(outputsKeptAs(language));
  keep(keptAs(language), kept);
}

/** Keeps the outputs of cells for this tab. Those of the first cells have room first. */
export function saveOutputs(language: string, cells: readonly Cell[]): void {
  let left = MAX_LENGTH_OF_OUTPUTS;
  const kept = cells.map(({ state, turn }) => {
    if (state.phase !== "ended") return null;
    const run = { state, ...(turn === undefined ? {} : { turn }) };
    const { length } = JSON.stringify(run);
    if (length > left) return null;
    left -= length;
    return run;
  });
  keep(outputsKeptAs(language), kept);
}

function keptAs(language: string): string {
  return `codebeaker.cells.${language}`;
}

function outputsKeptAs(language: string): string {
  return `codebeaker.outputs.${language}`;
}

function sampleOf(language: string): string {
  if (language === "python") return "import math\n\nsquares = [n * n for n in range(8)]\nsum(squares), math.sqrt(2)";
  return "const squares = [1, 2, 3, 4].map((n) => n * n);\nsquares";
}

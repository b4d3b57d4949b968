import { IDLE, type OutputPiece, type RunState } from "../api/run_state.ts";
import type { Cell } from "./cells.ts";

/** Longest notebook file that is read, in bytes. */
export const MAX_NOTEBOOK_BYTES = 32_000_000;

/** A notebook as its file has it. */
export interface OpenedNotebook {
  /** The language that the file names; absent where it names none. */
  readonly language?: string;
  readonly cells: readonly Cell[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Writes cells and their latest outputs as a notebook file (nbformat 4.5). */
export function toIpynb(language: string, cells: readonly Cell[]): string {
  const notebook = {
    cells: cells.map((cell) => ({
      cell_type: cell.kind,
      id: `cell-${cell.id}`,
      metadata: {},
      ...(cell.kind === "code" ? { execution_count: cell.turn ?? null, outputs: toOutputs(cell) } : {}),
      source: linesOf(cell.code),
    })),
    metadata: {
      kernelspec: { name: language === "python" ? "python3" : language, display_name: language, language },
      language_info: { name: language },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(notebook, undefined, 1)}\n`;
}

/**
 * Reads a notebook file of nbformat 4. Outputs that it has become those of its cells.
 *
 * @throws {Error} where it is none; the message says what to do
 */
export function fromIpynb(text: string): OpenedNotebook {
  const file = parse(text);
  if (file["nbformat"] !== 4 || !Array.isArray(file["cells"])) {
    throw new Error("It is no notebook of version 4: open it in Jupyter, save it there, and choose it again");
  }
  const cells = file["cells"].map(toFields).map((cell, index): Cell => {
    const kind = cell["cell_type"] === "code" ? "code" : "markdown";
    const turn = cell["execution_count"];
    return {
      ...{ id: index + 1, kind, code: textOf(cell["source"]) },
      state: kind === "code" ? toState(cell["outputs"]) : IDLE,
      ...(typeof turn === "number" ? { turn } : {}),
    };
  });
  const { kernelspec, language_info: info } = toFields(file["metadata"]);
  const language = toFields(info)["name"] ?? toFields(kernelspec)["language"];
  return { cells, ...(typeof language === "string" ? { language: language.toLowerCase() } : {}) };
}

function parse(text: string): Fields {
  try {
    return toFields(JSON.parse(text));
  } catch {
    throw new Error("It is no notebook: choose a file that Jupyter has saved (.ipynb)");
  }
}

function toOutputs({ state: { displays, execution, pieces }, turn }: Cell): unknown[] {
  const outputs: unknown[] = [
    ...pieces.map(({ stream, text }) => ({ output_type: "stream", name: stream, text: linesOf(text) })),
    ...displays.map((data) => ({ output_type: "display_data", data, metadata: {} })),
  ];
  if (execution !== undefined && "value" in execution) {
    const { text, value, valueType } = execution;
    const data = valueType === "mime" ? value : { "text/plain": text ?? JSON.stringify(value) };
    outputs.push({ output_type: "execute_result", execution_count: turn ?? null, data, metadata: {} });
  }
  if (execution?.error !== undefined) {
    const { message, name } = execution.error;
    outputs.push({ output_type: "error", ename: name, evalue: message, traceback: [] });
  }
  return outputs;
}

function toState(outputs: unknown): RunState {
  if (!Array.isArray(outputs) || outputs.length === 0) return IDLE;
  const pieces: OutputPiece[] = [];
  const displays: Record<string, unknown>[] = [];
  for (const output of outputs.map(toFields)) {
    const type = output["output_type"];
    if (type === "stream") {
      pieces.push({ stream: output["name"] === "stderr" ? "stderr" : "stdout", text: textOf(output["text"]) });
    } else if (type === "error") {
      const lines = Array.isArray(output["traceback"]) ? output["traceback"].map(String) : [];
      const text = lines.length > 0 ? lines.join("\n") : `${output["ename"]}: ${output["evalue"]}`;
      pieces.push({ stream: "stderr", text: `${text}\n` });
    } else {
      displays.push(toBundle(output["data"]));
    }
  }
  return { ...IDLE, phase: "ended", pieces, displays };
}

/** A MIME bundle. Text may be cut into lines; JSON is as it is. */
function toBundle(data: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(toFields(data)).map(([type, content]) => [type, /json$/.test(type) ? content : textOf(content)]),
  );
}

function toFields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : {};
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join("") : typeof value === "string" ? value : "";
}

/** The lines of a text, each with its end, as the format has them. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

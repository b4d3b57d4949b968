import type { MimeBundle } from "../../../../core/cell.ts";
import type { Execution } from "../../../../core/execution.ts";
import type { ExecutionEvent } from "./events.ts";
import type { Problem } from "./request.ts";

/** Text that a program printed on one stream without a change of stream. */
export interface OutputPiece {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** An execution as far as its events have come. */
export interface RunState {
  /** `lost` is a program that began, and whose events broke off. */
  readonly phase: "idle" | "waiting" | "running" | "ended" | "failed" | "lost";
  readonly id?: string;
  readonly runtime?: string;
  readonly pieces: readonly OutputPiece[];
  /** Whether the page left out early output, which is only shortened here. */
  readonly isShortened: boolean;
  readonly displays: readonly MimeBundle[];
  /** Whether the next output takes the place of all before it. Absent, nothing has cleared. */
  readonly clearsNext?: boolean;
  readonly execution?: Execution;
  readonly problem?: Problem;
}

/** The state before the first run. */
export const IDLE: RunState = { phase: "idle", pieces: [], isShortened: false, displays: [] };

/** Most characters of output on the page; earlier ones are left out. */
const MAX_CHARACTERS = 262_144;
/** Most changes of stream on the page. */
const MAX_PIECES = 2_000;

/** Adds an event to a state. */
export function advance(state: RunState, event: ExecutionEvent): RunState {
  switch (event.kind) {
    case "started":
      return { ...state, phase: "running", id: event.id, runtime: event.runtime };
    case "output":
      return { ...cleared(state), ...append(cleared(state), event) };
    case "display":
      return display(state, event.data);
    case "dropped":
      return { ...state, isShortened: true };
    case "completed":
      return complete(state, event.execution);
    case "failed":
      return { ...state, phase: "failed", problem: event.problem };
  }
}

function display(state: RunState, data: MimeBundle): RunState {
  const clearing = data["application/vnd.codebeaker.clear-output+json"];
  if (clearing !== undefined) {
    return JSON.stringify(clearing) === '{"wait":true}' ? { ...state, clearsNext: true } : clear(state);
  }
  const { displays, ...rest } = cleared(state);
  return { ...rest, displays: [...displays, data] };
}

/** The state without what was shown, where something cleared it. */
function cleared(state: RunState): RunState {
  return state.clearsNext === true ? clear(state) : state;
}

function clear(state: RunState): RunState {
  return { ...state, pieces: [], displays: [], clearsNext: false };
}

/** The state of an execution that is known from its record alone. */
export function recorded(execution: Execution): RunState {
  return complete(IDLE, execution);
}

function complete(state: RunState, execution: Execution): RunState {
  const { displays = state.displays, id, runtime, stderr, stdout } = execution;
  const whole: OutputPiece[] = [{ stream: "stdout", text: stdout }, { stream: "stderr", text: stderr }];
  const pieces = state.pieces.length > 0 || state.clearsNext !== undefined
    ? state.pieces
    : whole.filter(({ text }) => text !== "");
  return {
    ...state,
    phase: "ended",
    id,
    runtime,
    pieces,
    displays: displays.reduce(display, { ...IDLE }).displays,
    execution,
  };
}

function append({ isShortened, pieces }: RunState, { stream, text }: OutputPiece) {
  const last = pieces.at(-1);
  const joined = last?.stream === stream
    ? [...pieces.slice(0, -1), { stream, text: last.text + text }]
    : [...pieces, { stream, text }];
  const kept = joined.slice(-MAX_PIECES);
  let excess = kept.reduce((sum, piece) => sum + piece.text.length, 0) - MAX_CHARACTERS;
  const wasCut = excess > 0 || kept.length < joined.length;
  while (excess > 0) {
    const [first] = kept;
    if (first === undefined) break;
    if (first.text.length > excess) kept[0] = { ...first, text: first.text.slice(excess) };
    else kept.shift();
    excess -= first.text.length;
  }
  return { pieces: kept, isShortened: isShortened || wasCut };
}

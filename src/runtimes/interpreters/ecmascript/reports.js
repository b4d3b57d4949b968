const { Array, JSON, Object, TextEncoder, Uint8Array } = globalThis;
const { stringify } = JSON;
const { isArray } = Array;
const { keys } = Object;
/** Begins each piece, before the secret of a cell; src/core/child_protocol.ts has the same words. */
export const CELL_REPORT = "\0\x07\x02";
const encoder = new TextEncoder();
/** The most bytes of a write that a pipe takes as a whole. Linux has the number in pipe(7). */
const PIPE_BYTES = 4096;
/** The bytes that end a part, as in src/core/child_protocol.ts. */
const [PART_END, REPORT_END, DISPLAY_END] = [0x17, 0x0a, 0x04];

/**
 * The pieces of a display, each with the cell's marker. Each has to be written by itself: child processes of the
 * program may write to the same pipe.
 */
export function displayPieces(bundle, marker) {
  return piecesOf(bundle, { marker, end: DISPLAY_END });
}

/** The pieces of the report of a cell's end. */
export function endPieces(report, marker) {
  return piecesOf(report, { marker, end: REPORT_END });
}

/** A value of plain arrays and objects as JSON. It calls no `toJSON`, which may be the program's. */
export function toText(value) {
  if (typeof value !== "object" || value === null) return stringify(value);
  let text = "";
  if (isArray(value)) {
    for (let at = 0; at < value.length; at++) text += `${at === 0 ? "" : ","}${toText(value[at])}`;
    return `[${text}]`;
  }
  const names = keys(value);
  for (let at = 0; at < names.length; at++) {
    const field = value[names[at]];
    if (field !== undefined) text += `${text === "" ? "" : ","}${stringify(names[at])}:${toText(field)}`;
  }
  return `{${text}}`;
}

function piecesOf(value, { marker, end }) {
  const bytes = encoder.encode(toText(value));
  const prefix = encoder.encode(marker);
  const room = PIPE_BYTES - prefix.length - 1;
  const pieces = [];
  for (let at = 0; at < bytes.length; at += room) {
    const part = bytes.subarray(at, at + room);
    const piece = new Uint8Array(prefix.length + part.length + 1);
    piece.set(prefix);
    piece.set(part, prefix.length);
    piece[piece.length - 1] = at + room < bytes.length ? PART_END : end;
    pieces.push(piece);
  }
  return pieces;
}

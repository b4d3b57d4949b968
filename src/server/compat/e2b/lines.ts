/** The media type of lines of JSON. In them E2B's clients read what comes of a cell. */
export const LINES_TYPE = "application/x-ndjson";

/** Encodes lines in ASCII. Clients decode each piece of an answer alone, and a piece may end within a character. */
export function encodeLines(lines: readonly object[]): Uint8Array<ArrayBuffer> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  return new TextEncoder().encode(text.replace(/[^\0-\x7f]/g, escapeUnit));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Encodes the last lines of an answer. */
export function encodeEnd(lines: readonly object[]): Uint8Array<ArrayBuffer> {
  return encodeLines([...lines, { type: "end_of_execution" }]);
}

export function toErrorLine(name: string, value: string, traceback = value): object {
  return { type: "error", name, value, traceback };
}

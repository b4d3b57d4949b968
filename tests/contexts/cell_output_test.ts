import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes } from "../../src/core/bytes/bytes.ts";
import { CellOutput } from "../../src/contexts/cell_output.ts";

const SECRET = "secret";
const BOUNDS = { maxReportBytes: 100 };

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** What comes of a stream in pieces of any lengths: the output, the displays, the report, and what follows it. */
function feed(
  stream: Uint8Array,
  cuts: readonly number[],
): { output: Uint8Array; displays: Uint8Array[]; report?: Uint8Array; rest: Uint8Array } {
  const reader = new CellOutput(SECRET, BOUNDS);
  const outputs: Uint8Array[] = [];
  const displays: Uint8Array[] = [];
  let from = 0;
  for (const to of [...cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b), stream.length]) {
    for (const piece of reader.push(stream.slice(from, to))) {
      if (piece.kind === "output") outputs.push(piece.bytes);
      else if (piece.kind !== "end") displays.push(piece.bytes);
      else {
        const rest = concatBytes([piece.rest, stream.slice(to)]);
        return { output: concatBytes(outputs), displays, report: piece.report, rest };
      }
    }
    from = to;
  }
  return { output: concatBytes([...outputs, reader.flush()]), displays, rest: new Uint8Array() };
}

Deno.test("CellOutput takes the word of the end out wherever the stream is cut, and nothing else", () => {
  const byte = fc.oneof(fc.constantFrom(0, 7, 2, 10), fc.integer({ min: 0, max: 255 }));
  const output = fc.array(byte, { maxLength: 30 }).map((bytes) => new Uint8Array(bytes));
  fc.assert(fc.property(
    output,
    fc.stringMatching(/^[a-z{}"]{0,20}$/),
    output,
    fc.array(fc.nat(), { maxLength: 5 }),
    (before, report, after, cuts) => {
      const stream = concatBytes([before, bytesOf(`\0\x07\x02${SECRET}${report}\n`), after]);
      assertEquals(feed(stream, cuts), { output: before, displays: [], report: bytesOf(report), rest: after });
    },
  ));
});

Deno.test("CellOutput passes on whatever is not the word, as far as it goes", () => {
  for (const text of ["", "\0\x07\x02", "\0\x07\x02secre", "\0\x07\x02other{}\n", "\0\0\x07\x02"]) {
    assertEquals(feed(bytesOf(text), [1, 2, 3]), { output: bytesOf(text), displays: [], rest: new Uint8Array() });
  }
});

Deno.test("CellOutput puts a word in parts together wherever the stream is cut, and passes on what stands between them", () => {
  const text = fc.stringMatching(/^[a-z]{0,8}$/);
  const parts = fc.array(fc.record({ before: text, json: text }), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(parts, text, fc.array(fc.nat(), { maxLength: 8 }), (parts, rest, cuts) => {
    const word = parts.map(({ before, json }, index) =>
      `${before}\0\x07\x02${SECRET}${json}${index < parts.length - 1 ? "\x17" : "\n"}`
    );
    assertEquals(feed(bytesOf(word.join("") + rest), cuts), {
      output: bytesOf(parts.map(({ before }) => before).join("")),
      displays: [],
      report: bytesOf(parts.map(({ json }) => json).join("")),
      rest: bytesOf(rest),
    });
  }));
});

Deno.test("CellOutput separates displays, in parts or whole, from the output between them, wherever the stream is cut", () => {
  const text = fc.stringMatching(/^[a-z]{0,8}$/);
  const display = fc.record({ before: text, parts: fc.array(text, { minLength: 1, maxLength: 3 }) });
  fc.assert(fc.property(fc.array(display, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (all, cuts) => {
    const frame = (json: string, end: string) => `\0\x07\x02${SECRET}${json}${end}`;
    const stream = all.map(({ before, parts }) =>
      before + parts.map((part, index) => frame(part, index < parts.length - 1 ? "\x17" : "\x04")).join("")
    ).join("");
    assertEquals(feed(bytesOf(`${stream}${frame("{}", "\n")}rest`), cuts), {
      output: bytesOf(all.map(({ before }) => before).join("")),
      displays: all.map(({ parts }) => bytesOf(parts.join(""))),
      report: bytesOf("{}"),
      rest: bytesOf("rest"),
    });
  }));
});

Deno.test("CellOutput keeps the order of output and displays", () => {
  const pieces = new CellOutput(SECRET, BOUNDS).push(bytesOf(`a\0\x07\x02${SECRET}{}\x04b\0\x07\x02${SECRET}[]\x04`));
  const order = pieces.map((piece) =>
    piece.kind === "end" ? piece : [piece.kind, new TextDecoder().decode(piece.bytes)]
  );
  assertEquals(order, [["output", "a"], ["display", "{}"], ["output", "b"], ["display", "[]"]]);
});

Deno.test("CellOutput bounds the parts of a report, and not each of them alone", () => {
  const part = (text: string) => bytesOf(`\0\x07\x02${SECRET}${text}\x17`);
  for (const [text, count] of [["x".repeat(50), 2], ["", 100]] as const) {
    const reader = new CellOutput(SECRET, BOUNDS);
    for (let at = 0; at < count; at++) assertEquals(reader.push(part(text)), []);
    assertThrows(() => reader.push(part(text)), RangeError);
  }
});

Deno.test("CellOutput keeps no more of a report than there can be", () => {
  const reader = new CellOutput(SECRET, BOUNDS);
  reader.push(bytesOf(`\0\x07\x02${SECRET}${"x".repeat(100)}`));
  assertThrows(() => reader.push(bytesOf("x")), RangeError);
});

Deno.test("CellOutput holds the bytes that it was given, and not the buffers that they lie in", () => {
  const reader = new CellOutput(SECRET, { maxReportBytes: 10_000 });
  const word = bytesOf(`\0\x07\x02${SECRET}`);
  for (let at = 0; at < 5_000; at++) {
    const buffer = new Uint8Array(65_536);
    buffer[0] = word[at] ?? 120;
    reader.push(buffer.subarray(0, 1));
  }
  assertEquals(reader.heldBytes <= 10_000 + word.length, true);
  const [end] = reader.push(bytesOf("\n"));
  assertEquals(end?.kind === "end" && end.report.length, 5_000 - word.length);
});

Deno.test("CellOutput tells a question from a display by its end", () => {
  const reader = new CellOutput(SECRET, BOUNDS);
  const stream = bytesOf(`a\0\x07\x02${SECRET}{"id":1}\x05b\0\x07\x02${SECRET}{}\x04`);
  assertEquals(reader.push(stream), [
    { kind: "output", bytes: bytesOf("a") },
    { kind: "question", bytes: bytesOf('{"id":1}') },
    { kind: "output", bytes: bytesOf("b") },
    { kind: "display", bytes: bytesOf("{}") },
  ]);
});

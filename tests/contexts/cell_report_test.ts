import { assertEquals } from "@std/assert";
import { parseReport } from "../../src/contexts/cell_report.ts";

function parse(report: unknown): ReturnType<typeof parseReport> {
  return parseReport(new TextEncoder().encode(typeof report === "string" ? report : JSON.stringify(report)));
}

Deno.test("parseReport() reads what an interpreter tells", () => {
  assertEquals(parse({ kind: "done", value: [1], valueType: "json", displays: [{ "text/plain": "a" }] }), {
    kind: "done",
    value: [1],
    valueType: "json",
    displays: [{ "text/plain": "a" }],
  });
  assertEquals(parse({ kind: "timed_out", displaysOmitted: 3 }), {
    kind: "timed_out",
    displays: [],
    displaysOmitted: 3,
  });
});

Deno.test("parseReport() takes nothing that is made up for more than it is", () => {
  assertEquals(parse({ kind: "done", value: null, outcome: "x", contextLost: false, valueType: "mime" }), {
    kind: "done",
    value: null,
    valueType: "json",
    displays: [],
  });
  assertEquals(parse({ kind: "done", displays: [1, "x", [], { a: 1 }], displaysOmitted: "many" }), {
    kind: "done",
    displays: [{ a: 1 }],
  });
});

Deno.test("parseReport() knows what is none: other words, bytes that are no text, and JSON that takes long to read", () => {
  const deep = `{"kind":"done","value":${"[".repeat(1_000)}${"]".repeat(1_000)}}`;
  const many = `{"kind":"done","value":[${"0,".repeat(60_000)}0]}`;
  for (const report of ["", "{", "null", "[]", { kind: "other" }, {}, deep, many]) {
    assertEquals(parse(report), undefined);
  }
  assertEquals(parseReport(new Uint8Array([0x7b, 0xff, 0x7d])), undefined);
});

Deno.test("parseReport() takes no value, and no displays, that are longer than they may be", () => {
  const longest = "x".repeat(4_194_302);
  assertEquals(parse({ kind: "done", value: longest, displays: [{ a: "x".repeat(4_000_000) }] })?.value, longest);
  assertEquals(parse({ kind: "done", value: `${longest}x` }), undefined);
  const half = { "text/plain": "é".repeat(1_048_576) };
  assertEquals(parse({ kind: "done", displays: [half] })?.displays, [half]);
  assertEquals(parse({ kind: "done", displays: [half, half] }), undefined);
});

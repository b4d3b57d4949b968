import { assertEquals } from "@std/assert";
import { CellDisplays } from "../../src/contexts/cell_displays.ts";
import { parseReport } from "../../src/contexts/cell_report.ts";

function bytesOf(report: unknown): Uint8Array {
  return new TextEncoder().encode(typeof report === "string" ? report : JSON.stringify(report));
}

function parse(report: unknown): ReturnType<typeof parseReport> {
  return parseReport(bytesOf(report));
}

Deno.test("parseReport() reads what an interpreter tells", () => {
  const done = { kind: "done", value: [1], valueType: "json", text: "[1]" } as const;
  assertEquals(parse(done), done);
  assertEquals(parse({ kind: "timed_out", displaysOmitted: 3 }), { kind: "timed_out", displaysOmitted: 3 });
  const failed = { kind: "failed", error: { name: "A", message: "b", traceback: "A: b\n  at c" } } as const;
  assertEquals(parse(failed), failed);
});

Deno.test("parseReport() takes nothing that is made up for more than it is", () => {
  const made = { kind: "done", value: null, outcome: "x", contextLost: false, valueType: "mime", displays: [{ a: 1 }] };
  assertEquals(parse(made), { kind: "done", value: null, valueType: "json" });
  assertEquals(parse({ kind: "done", displaysOmitted: "many", text: 1, error: "x" }), { kind: "done" });
  const long = "x".repeat(100_000);
  const { error, text } = parse({ kind: "failed", text: long, error: { name: 1, message: long } }) ?? {};
  assertEquals([text?.length, error?.name, error?.message.length, error?.traceback], [65_536, "", 65_536, ""]);
});

Deno.test("parseReport() knows what is none: other words, bytes that are no text, and JSON that takes long to read", () => {
  const deep = `{"kind":"done","value":${"[".repeat(1_000)}${"]".repeat(1_000)}}`;
  const many = `{"kind":"done","value":[${"0,".repeat(60_000)}0]}`;
  for (const report of ["", "{", "null", "[]", { kind: "other" }, {}, deep, many]) {
    assertEquals(parse(report), undefined);
  }
  assertEquals(parseReport(new Uint8Array([0x7b, 0xff, 0x7d])), undefined);
});

Deno.test("parseReport() takes no value that is longer than it may be", () => {
  const longest = "x".repeat(4_194_302);
  assertEquals(parse({ kind: "done", value: longest, text: "x".repeat(32_768) })?.value, longest);
  assertEquals(parse({ kind: "done", value: `${longest}x` }), undefined);
});

Deno.test("CellDisplays takes displays in order, and none that is malformed or more than an interpreter sends", () => {
  const displays = new CellDisplays();
  const half = { "text/plain": "é".repeat(1_048_576) };
  for (const bundle of [{ "a/b": 1 }, half]) assertEquals(displays.add(bytesOf(bundle)), bundle);
  for (const bundle of [half, "[]", "{", "1"]) assertEquals(displays.add(bytesOf(bundle)), undefined);
  assertEquals(displays.all, [{ "a/b": 1 }, half]);
  const many = new CellDisplays();
  for (let count = 0; count < 1_000; count++) many.add(bytesOf("{}"));
  assertEquals([many.add(bytesOf("{}")), many.all.length], [undefined, 1_000]);
});

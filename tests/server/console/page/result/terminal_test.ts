import { assertEquals } from "@std/assert";
import { applyControls } from "../../../../../src/server/console/page/result/terminal.ts";

function show(...texts: string[]): string {
  return applyControls(texts.map((text) => ({ stream: "stdout", text }))).map(({ text }) => text).join("");
}

Deno.test("applyControls() replaces what a return, a backspace and an erasure go back over, as a terminal does", () => {
  const table: readonly (readonly [printed: string, shown: string])[] = [
    ["a\nb\n\nc", "a\nb\n\nc"],
    ["10%\r50%\r100%\nnext\n", "100%\nnext\n"],
    ["before\n100%\r5", "before\n500%"],
    ["50%\r", "50%"], // Nothing has replaced it yet.
    ["a\r\nb\r\r\nc", "a\nb\nc"],
    ["abc\b\bX\n\bY", "aXc\nY"],
    ["😀a\r1", "1a"],
    ["a long line\r\x1b[Kshort", "short"],
    ["a long line\x1b[2K\x1b[1Gshort\x1b[K", "short"],
    ["\x1b]0;title\x07a\x1b[?25lb\x1b(Bc\x07d\x1b[2", "abcd"],
    ["\x1b]no end", "no end"],
  ];
  for (const [printed, shown] of table) assertEquals(show(printed), shown, JSON.stringify(printed));
  assertEquals(show("10%", "\r", "20%"), "20%");
});

Deno.test("applyControls() keeps the streams, and colours what SGR colours", () => {
  const pieces = [{ stream: "stdout", text: "ab\x1b[1;31mc\x1b[mde\n" }, {
    stream: "stderr",
    text: "e\x1b[38;5;1mf",
  }] as const;
  assertEquals(applyControls(pieces), [
    { stream: "stdout", text: "ab", look: "" },
    { stream: "stdout", text: "c", look: "ansi-1 bold" },
    { stream: "stdout", text: "de\n", look: "" },
    { stream: "stderr", text: "ef", look: "" },
  ]);
  assertEquals(applyControls([{ stream: "stderr", text: "ab\x1b[92m\r\x1b[22mc" }]), [
    { stream: "stderr", text: "c", look: "progress ansi-2" },
    { stream: "stderr", text: "b", look: "progress" },
  ]);
  const [colourful, ...others] = applyControls([{ stream: "stdout", text: "\x1b[31ma\x1b[32mb".repeat(3_000) }]);
  assertEquals([colourful?.text.length, colourful?.look, others], [6_000, "", []]);
});

import { assertEquals } from "@std/assert";
import { LineJoiner } from "../../../../src/server/compat/jupyter/line_joiner.ts";
import { until } from "../../../support/until.ts";

function openJoiner(room = Promise.resolve()) {
  const sent: string[] = [];
  const joiner = new LineJoiner((stream, text) => {
    sent.push(`${stream} ${text}`);
    return room;
  });
  return { joiner, sent };
}

Deno.test("LineJoiner sends the pieces of a line as one text, and each stream in its turn", async () => {
  const { joiner, sent } = openJoiner();
  for (const piece of ["a", " ", "b", "\n", "c\nd"]) await joiner.write("stdout", piece);
  for (const piece of ["e", "\n"]) await joiner.write("stderr", piece);
  assertEquals(sent, ["stdout a b\n", "stdout c\nd", "stderr e\n"]);
});

Deno.test("LineJoiner sends a line without an end: at a length, when it is asked to, and by itself", async () => {
  const { joiner, sent } = openJoiner();
  for (let count = 0; count < 10_000; count++) await joiner.write("stdout", "x");
  assertEquals(sent.map((text) => text.length), [8_199]);
  await joiner.flush();
  await joiner.flush();
  assertEquals(sent.map((text) => text.length), [8_199, 1_815]);
  await joiner.write("stdout", "\r50%");
  await until(() => sent.length === 3, "the line is sent");
  assertEquals(sent[2], "stdout \r50%");
});

Deno.test("LineJoiner lets a program wait for the room that its last text needs", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { joiner } = openJoiner(promise);
  const order: string[] = [];
  const first = joiner.write("stdout", "a\n").then(() => order.push("written"));
  const next = joiner.write("stdout", "b").then(() => order.push("held"));
  await Promise.resolve();
  order.push("room");
  resolve();
  await Promise.all([first, next, joiner.flush()]);
  assertEquals(order, ["room", "written", "held"]);
});

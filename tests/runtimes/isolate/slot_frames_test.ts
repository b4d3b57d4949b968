import { assertEquals, assertThrows } from "@std/assert";
import { encodeRequest, SlotFrames } from "../../../src/runtimes/isolate/slot_frames.ts";

const frame = (kind: number, text: string) => {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array([0, 0, bytes.length >> 8, bytes.length & 255, kind, ...bytes]);
};
const shown = (frames: ReturnType<SlotFrames["push"]>) =>
  frames.map(({ bytes, kind }) => [kind, new TextDecoder().decode(bytes)]);

Deno.test("SlotFrames finds frames wherever the chunks are divided", () => {
  const all = new Uint8Array([...frame(0, ""), ...frame(1, "hello"), ...frame(2, "ü"), ...frame(3, "{}")]);
  const expected = [["ready", ""], ["stdout", "hello"], ["stderr", "ü"], ["done", "{}"]];
  for (let size = 1; size <= all.length; size++) {
    const frames = new SlotFrames();
    const found = Array.from(
      { length: Math.ceil(all.length / size) },
      (_, index) => shown(frames.push(all.subarray(index * size, (index + 1) * size))),
    );
    assertEquals(found.flat(), expected, `in chunks of ${size} bytes`);
  }
});

Deno.test("SlotFrames joins what a stream got in a row", () => {
  const all = [frame(1, "a"), frame(1, ""), frame(1, "b"), frame(2, "c"), frame(2, "d"), frame(1, "e"), frame(3, "{}")];
  const found = shown(new SlotFrames().push(new Uint8Array(all.flatMap((one) => [...one]))));
  assertEquals(found, [["stdout", "ab"], ["stderr", "cd"], ["stdout", "e"], ["done", "{}"]]);
});

Deno.test("SlotFrames throws where what comes is no frame of a slot", () => {
  assertThrows(() => new SlotFrames().push(frame(9, "x")), Error, "of no kind");
  assertThrows(() => new SlotFrames().push(new Uint8Array([0xff, 0xff, 0xff, 0xff, 1])), Error, "too long");
});

Deno.test("encodeRequest() leads the JSON with its length in bytes", () => {
  const bytes = encodeRequest({ a: "ü" });
  assertEquals(new DataView(bytes.buffer).getUint32(0), bytes.length - 4);
  assertEquals(new TextDecoder().decode(bytes.subarray(4)), '{"a":"ü"}');
});

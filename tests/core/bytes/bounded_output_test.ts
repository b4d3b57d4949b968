import { assertEquals } from "@std/assert";
import { BoundedOutput, type KeptText } from "../../../src/core/bytes/bounded_output.ts";

function keep(maxBytes: number, chunks: readonly (string | Uint8Array)[]): KeptText {
  const output = new BoundedOutput(maxBytes);
  for (const chunk of chunks) output.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  return output.read();
}

Deno.test("BoundedOutput keeps everything up to its bound", () => {
  assertEquals(keep(10, ["hello", "world"]), { text: "helloworld", truncatedBytes: 0 });
  assertEquals(keep(0, []), { text: "", truncatedBytes: 0 });
  assertEquals(keep(11, ["ab", "c".repeat(9)]), { text: `ab${"c".repeat(9)}`, truncatedBytes: 0 });
});

Deno.test("BoundedOutput keeps head and tail and counts the middle", () => {
  assertEquals(keep(4, ["abcdefgh"]), { text: "abgh", truncatedBytes: 4, truncatedAt: 2 });
  assertEquals(keep(5, ["abc", "defgh"]), { text: "abcgh", truncatedBytes: 3, truncatedAt: 3 });
  assertEquals(keep(1, ["abc"]), { text: "a", truncatedBytes: 2, truncatedAt: 1 });
  assertEquals(keep(0, ["abc"]), { text: "", truncatedBytes: 3, truncatedAt: 0 });
});

Deno.test("BoundedOutput keeps the tail of a long stream of small chunks", () => {
  const output = new BoundedOutput(10);
  for (let index = 0; index < 50_000; index++) output.push(new TextEncoder().encode(String(index % 10)));
  assertEquals(output.read(), { text: "0123456789", truncatedBytes: 49_990, truncatedAt: 5 });
});

Deno.test("BoundedOutput shows no half character at the cut, and counts its bytes as left out", () => {
  assertEquals(keep(8, ["a€€€€€"]), { text: "a€€", truncatedBytes: 9, truncatedAt: 2 });
  assertEquals(keep(6, ["é".repeat(10)]), { text: "éé", truncatedBytes: 16, truncatedAt: 1 });
  assertEquals(keep(10, ["😀".repeat(4)]), { text: "😀😀", truncatedBytes: 8, truncatedAt: 2 });
});

Deno.test("BoundedOutput joins a character that two chunks divide", () => {
  const [first, ...rest] = new TextEncoder().encode("€");
  assertEquals(keep(100, [new Uint8Array([first ?? 0]), new Uint8Array(rest)]), { text: "€", truncatedBytes: 0 });
});

Deno.test("BoundedOutput keeps bytes that are no text as replacement characters", () => {
  assertEquals(keep(100, [new Uint8Array([0xff, 0x61, 0xe2, 0x82])]), { text: "\ufffda\ufffd", truncatedBytes: 0 });
});

Deno.test("BoundedOutput does not keep what its caller overwrites", () => {
  const output = new BoundedOutput(10);
  const chunk = new TextEncoder().encode("abc");
  output.push(chunk);
  chunk.fill(0);
  assertEquals(output.read().text, "abc");
});

Deno.test("BoundedOutput keeps the same whatever the sizes of its chunks", () => {
  const text = Array.from({ length: 997 }, (_, index) => String.fromCharCode(97 + index % 26)).join("");
  const kept = [0, 1, 2, 3, 10, 64, 65, 500, 996, 997, 2_000];
  const sizes = [[1], [3], [997], [1, 2, 4, 8, 16, 32], [100, 1], [31, 0, 7], [40, 300]];
  for (const maxBytes of kept) {
    for (const pattern of sizes) {
      const chunks: string[] = [];
      for (let at = 0; at < text.length; at += chunks.at(-1)?.length ?? 0) {
        chunks.push(text.slice(at, at + (pattern[chunks.length % pattern.length] ?? 0)));
      }
      const expected = maxBytes >= text.length ? { text, truncatedBytes: 0 } : {
        text: text.slice(0, Math.ceil(maxBytes / 2)) + text.slice(text.length - Math.floor(maxBytes / 2)),
        truncatedBytes: text.length - maxBytes,
        truncatedAt: Math.ceil(maxBytes / 2),
      };
      assertEquals([maxBytes, pattern, keep(maxBytes, chunks)], [maxBytes, pattern, expected]);
    }
  }
});

Deno.test("BoundedOutput can be read again and again while more comes", () => {
  const output = new BoundedOutput(4);
  const read = (text: string) => {
    output.push(new TextEncoder().encode(text));
    return output.read();
  };
  assertEquals(read("abc"), { text: "abc", truncatedBytes: 0 });
  assertEquals(read("d"), { text: "abcd", truncatedBytes: 0 });
  assertEquals(read("e"), { text: "abde", truncatedBytes: 1, truncatedAt: 2 });
  assertEquals(read("fghij"), { text: "abij", truncatedBytes: 6, truncatedAt: 2 });
});

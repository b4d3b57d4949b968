import { assertEquals } from "@std/assert";
import { ByteReplacer } from "../../src/process/replace_bytes.ts";

function replace(replacements: Record<string, string>, chunks: readonly string[]): string {
  const replacer = new ByteReplacer(replacements);
  const parts = chunks.map((chunk) => replacer.push(new TextEncoder().encode(chunk)));
  return new TextDecoder().decode(new Uint8Array([...parts, replacer.flush()].flatMap((part) => [...part])));
}

Deno.test("ByteReplacer replaces words wherever chunks divide them", () => {
  const text = "at /tmp/x/main.ts and /tmp/x/other.ts, not /tmp/y or /tm";
  const expected = "at /workspace/main.ts and /workspace/other.ts, not /tmp/y or /tm";
  for (let size = 1; size <= text.length; size++) {
    const chunks = Array.from(
      { length: Math.ceil(text.length / size) },
      (_, index) => text.slice(index * size, (index + 1) * size),
    );
    assertEquals(replace({ "/tmp/x": "/workspace" }, chunks), expected);
  }
});

Deno.test("ByteReplacer takes the longest word that fits", () => {
  assertEquals(replace({ "/a": "1", "/a/b": "2" }, ["/a/b /a/c"]), "2 1/c");
});

Deno.test("ByteReplacer holds nothing back that begins no word", () => {
  const replacer = new ByteReplacer({ "/tmp": "" });
  assertEquals(new TextDecoder().decode(replacer.push(new TextEncoder().encode("prompt> "))), "prompt> ");
});

Deno.test("ByteReplacer passes bytes through that are no text", () => {
  const replacer = new ByteReplacer({ "/tmp": "x" });
  assertEquals([...replacer.push(new Uint8Array([0xff, 0, 0xe2])), ...replacer.flush()], [0xff, 0, 0xe2]);
});

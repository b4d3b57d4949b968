import { assertEquals } from "@std/assert";
import { BoundedOutput } from "../../../src/core/bytes/bounded_output.ts";
import { readKept, streamLength } from "../../../src/core/bytes/kept_bytes.ts";

Deno.test("readKept() reads from any offset what is kept there, whatever was printed", () => {
  const printed = Uint8Array.from({ length: 40 }, (_, index) => index);
  for (const maxBytes of [0, 1, 2, 5, 10, 39, 40, 41]) {
    for (const chunk of [1, 3, 7, 40]) {
      const output = new BoundedOutput(maxBytes);
      for (let end = 0; end < printed.length;) {
        output.push(printed.slice(end, end + chunk));
        end = Math.min(end + chunk, printed.length);
        assertEquals(streamLength(output.kept), end);
        const kept = new Set<number>();
        for (let offset = 0; offset <= end; offset++) {
          const { at, bytes } = readKept(output.kept, { offset, maxBytes: 4 });
          assertEquals([...bytes], [...printed.subarray(at, at + bytes.length)]);
          if (bytes.length === 0) assertEquals(at, end);
          if (bytes.length > 0 && at === offset) kept.add(offset);
        }
        assertEquals(kept.size, Math.min(maxBytes, end));
      }
    }
  }
});

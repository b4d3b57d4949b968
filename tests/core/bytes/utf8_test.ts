import { assertEquals } from "@std/assert";
import { continuationLength, unfinishedLength } from "../../../src/core/bytes/utf8.ts";

Deno.test("unfinishedLength() counts the bytes of a character that is not finished, and no others", () => {
  const cases: readonly (readonly [number[], number])[] = [
    [[], 0],
    [[0x61], 0],
    [[0x61, 0xc3], 1],
    [[0xc3, 0xa9], 0],
    [[0xe2], 1],
    [[0xe2, 0x82], 2],
    [[0xe2, 0x82, 0xac], 0],
    [[0xf0, 0x9f, 0x98], 3],
    [[0xf0, 0x9f, 0x98, 0x80], 0],
    [[0xef, 0xbb], 2], // Of a byte order mark.
    [[0xff], 0],
    [[0xc0], 0],
    [[0x80, 0x80], 0],
    [[0xe0, 0x80], 0], // No character begins so.
    [[0xf0, 0x80, 0x80], 0],
    [[0xed, 0xa0], 0], // Half of a surrogate pair.
    [[0xf4, 0x90], 0], // Beyond the last character.
  ];
  for (const [bytes, expected] of cases) {
    assertEquals([bytes, unfinishedLength(Uint8Array.from(bytes))], [bytes, expected]);
  }
});

Deno.test("unfinishedLength() divides any bytes so that both parts decode to the text of the whole", () => {
  const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const alphabet = [0x61, 0x80, 0x90, 0xbf, 0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf4];
  for (let number = 0; number < alphabet.length ** 4; number++) {
    const bytes = Uint8Array.from(
      { length: 4 },
      (_, place) => alphabet[Math.floor(number / alphabet.length ** place) % alphabet.length] ?? 0,
    );
    for (let end = 1; end < bytes.length; end++) {
      const whole = end - unfinishedLength(bytes.subarray(0, end));
      const text = decode(bytes.subarray(0, whole)) + decode(bytes.subarray(whole));
      if (text !== decode(bytes)) assertEquals([bytes, end, text], [bytes, end, decode(bytes)]);
    }
  }
});

Deno.test("continuationLength() counts the bytes that go on with a character, at most three", () => {
  assertEquals(
    [[], [0x61], [0x80, 0x61], [0x80, 0xbf, 0x90, 0x80, 0x61]].map((bytes) =>
      continuationLength(Uint8Array.from(bytes))
    ),
    [0, 0, 1, 3],
  );
});

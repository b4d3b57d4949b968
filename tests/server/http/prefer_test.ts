import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { parsePrefer } from "../../../src/server/http/prefer.ts";

Deno.test("parsePrefer() finds respond-async among others, and not within what is quoted", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["respond-async", true],
    ["Respond-Async", true],
    ["wait=10, respond-async", true],
    ["respond-async; wait=5", true],
    ['a="x, y" ,respond-async=""', true],
    ["", false],
    ["wait=10", false],
    ["respond-asynchronously", false],
    ["x=respond-async", false],
    ['a="x, respond-async"', false],
    ['a="x\\", respond-async', false],
    ['"respond-async"', false],
  ];
  for (const [header, expected] of cases) {
    assertEquals([header, parsePrefer(header).respondAsync], [header, expected]);
  }
});

Deno.test("parsePrefer() reads wait in seconds, from 0 to 60, and the first where there are two", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["wait=0", 0],
    ["wait=60", 60_000],
    ["Wait = 7", 7_000],
    ['wait="7"', 7_000],
    ["respond-async, wait=7", 7_000],
    ["wait=7; a=b, wait=abc", 7_000],
    ["handling=lenient", undefined],
    ['a="wait=7"', undefined],
    ["respond-async; wait=7", undefined], // A parameter of another preference.
  ];
  for (const [header, waitMs] of cases) assertEquals([header, parsePrefer(header).waitMs], [header, waitMs]);
});

Deno.test("parsePrefer() refuses any other wait, and names the header", () => {
  for (const wait of ["abc", "-1", "61", "1.5", "", '""', "1e1", "0x1", "9".repeat(400), "1 0", "+1"]) {
    const { code, details } = assertThrows(() => parsePrefer(`wait=${wait}`), CodeBeakerError);
    assertEquals([wait, code, details.errors?.[0]?.path], [wait, "invalid_request", "Prefer"]);
  }
  assertEquals(assertThrows(() => parsePrefer("wait"), CodeBeakerError).code, "invalid_request");
});

Deno.test("parsePrefer() reads a hostile header in one go", () => {
  for (const part of ['"', "\\", ",", '"\\', '"\\"', "a=", 'a="', ";", " ", "a ", "="]) {
    for (const [before, after] of [["", ""], ["a", "x"], ["a=", "x"], ["a;", '"']]) {
      assertEquals(parsePrefer(`${before}${part.repeat(100_000)}${after}`), { respondAsync: false });
    }
  }
});

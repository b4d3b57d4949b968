import { assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { pageOf, type PagePosition, parseCursor } from "../../src/core/page.ts";

function itemOf(number: number, second = number): PagePosition {
  return {
    id: `exec_${number.toString(16).padStart(32, "0")}`,
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
  };
}

Deno.test("pageOf() and parseCursor() page through everything once, whatever comes and goes meanwhile", () => {
  const items = Array.from({ length: 10 }, (_, number) => itemOf(number, Math.floor(number / 3))); // Some at one moment.
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const after = cursor === undefined ? undefined : parseCursor(cursor, "exec");
    const page = pageOf(items, { after, limit: 3 });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    items.push(itemOf(100 + seen.length, 60)); // A new one.
    if (page.items[0] !== undefined) items.splice(items.indexOf(page.items[0]), 1); // One of a page is gone.
  } while (cursor !== undefined);
  assertEquals(seen, Array.from({ length: 10 }, (_, number) => itemOf(9 - number).id));
});

Deno.test("parseCursor() refuses what is no cursor of its listing", () => {
  const id = "0".repeat(32);
  for (const cursor of ["", "1", `1.sess_${id}`, `1.exec_${id}0`, `-1.exec_${id}`, `1.5.exec_${id}`, `x.exec_${id}`]) {
    assertEquals(assertThrows(() => parseCursor(cursor, "exec"), CodeBeakerError).code, "invalid_request");
  }
});

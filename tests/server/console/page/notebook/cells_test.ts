import { assertEquals } from "@std/assert";
import { addCell, changeCell, newCell, removeCell } from "../../../../../src/server/console/page/notebook/cells.ts";

Deno.test("cells are added behind another one, keep their ids, and never run out", () => {
  const first = [newCell([], "1")];
  const three = addCell(addCell(first), 1);
  assertEquals(three.map(({ id }) => id), [1, 3, 2]);
  assertEquals(changeCell(three, 3, { code: "2" }).map(({ code }) => code), ["1", "2", ""]);
  assertEquals(removeCell(three, 3).map(({ id }) => id), [1, 2]);
  assertEquals(removeCell(first, 1).map(({ code, id }) => [code, id]), [["", 2]]);
});

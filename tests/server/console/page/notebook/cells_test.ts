import { assertEquals } from "@std/assert";
import {
  addCell,
  addCellBefore,
  changeCell,
  clearOutputs,
  moveCell,
  newCell,
  removeCell,
} from "../../../../../src/server/console/page/notebook/cells.ts";

Deno.test("cells are added behind another one, keep their ids, and never run out", () => {
  const first = [newCell([], "1")];
  const three = addCell(addCell(first), 1);
  assertEquals(three.map(({ id }) => id), [1, 3, 2]);
  assertEquals(changeCell(three, 3, { code: "2" }).map(({ code }) => code), ["1", "2", ""]);
  assertEquals(removeCell(three, 3).map(({ id }) => id), [1, 2]);
  assertEquals(removeCell(first, 1).map(({ code, id }) => [code, id]), [["", 2]]);
});

Deno.test("cells move within their list, are added before another one, and lose their outputs alone", () => {
  const two = addCell([newCell([], "1")]);
  assertEquals(moveCell(two, 2, -1).map(({ id }) => id), [2, 1]);
  assertEquals(moveCell(two, 2, 1), two);
  assertEquals(moveCell(two, 1, -1), two);
  assertEquals(addCellBefore(two, 1).map(({ id }) => id), [3, 1, 2]);
  const run = changeCell(two, 1, { turn: 1, state: { phase: "ended", pieces: [], isShortened: false, displays: [] } });
  assertEquals(clearOutputs(run), two);
  assertEquals(clearOutputs(run, 2), run);
});

import { assertEquals, assertThrows } from "@std/assert";
import type { Cell } from "../../../../../src/server/console/page/notebook/cells.ts";
import { fromIpynb, toIpynb } from "../../../../../src/server/console/page/notebook/ipynb.ts";
import { IDLE } from "../../../../../src/server/console/page/api/run_state.ts";

const CELLS: readonly Cell[] = [
  { id: 1, kind: "markdown", code: "# Title\ntext", state: IDLE },
  {
    ...{ id: 2, kind: "code", code: "print(1)\n", turn: 4 },
    state: {
      ...IDLE,
      phase: "ended",
      pieces: [{ stream: "stdout", text: "1\n" }, { stream: "stderr", text: "warned" }],
      displays: [{ "text/html": "<b>2</b>", "application/json": [1, 2] }],
    },
  },
  { id: 3, kind: "code", code: "", state: IDLE },
];

Deno.test("a notebook file has the cells and outputs of which it was made", () => {
  const text = toIpynb("python", CELLS);
  const { cells, metadata, nbformat, nbformat_minor: minor } = JSON.parse(text);
  assertEquals([nbformat, minor, metadata.kernelspec.name, metadata.language_info.name], [4, 5, "python3", "python"]);
  assertEquals(cells[0], { cell_type: "markdown", id: "cell-1", metadata: {}, source: ["# Title\n", "text"] });
  assertEquals(cells[1].outputs[0], { output_type: "stream", name: "stdout", text: ["1\n"] });
  assertEquals(fromIpynb(text), { language: "python", cells: CELLS });
});

Deno.test("fromIpynb() reads results, errors and text in lines as Jupyter saves them", () => {
  const outputs = [
    { output_type: "execute_result", execution_count: 1, data: { "text/plain": ["a\n", "b"] }, metadata: {} },
    { output_type: "error", ename: "E", evalue: "v", traceback: ["Traceback", "E: v"] },
  ];
  const { cells: [cell], language } = fromIpynb(JSON.stringify({
    ...{ nbformat: 4, metadata: { kernelspec: { language: "R" } } },
    cells: [{ cell_type: "code", execution_count: 1, source: "x", outputs }],
  }));
  assertEquals([language, cell?.turn, cell?.code], ["r", 1, "x"]);
  assertEquals(cell?.state.displays, [{ "text/plain": "a\nb" }]);
  assertEquals(cell?.state.pieces, [{ stream: "stderr", text: "Traceback\nE: v\n" }]);
});

Deno.test("fromIpynb() says of a file that is no notebook what to do", () => {
  for (const text of ["", "[]", "{}", '{"nbformat":3,"worksheets":[]}', '{"nbformat":4,"cells":1}']) {
    assertThrows(() => fromIpynb(text), Error, "It is no notebook");
  }
  assertEquals(fromIpynb('{"nbformat":4,"cells":[7,null]}').cells.map(({ kind }) => kind), ["markdown", "markdown"]);
});

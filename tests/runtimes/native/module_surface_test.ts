import { assertEquals } from "@std/assert";
import { readModules } from "../../../src/runtimes/native/module_surface.ts";
import type { Need, NeedKind } from "../../../src/core/needs.ts";

function need(name: string, kind: NeedKind = "module"): Need {
  return { kind, name, file: "main.py", line: 1, certain: true };
}

Deno.test("readModules() knows what is missing only where the list is complete", () => {
  const all = readModules("42\nall\njson\nnumpy\n");
  assertEquals(["json", "numpy", "pandas", ""].map((name) => all?.has(need(name))), [true, true, false, false]);
  assertEquals(all?.has(need("json", "package")), undefined);
  const some = readModules("42\nsome\njson\n");
  assertEquals([some?.has(need("json")), some?.has(need("pandas"))], [true, undefined]);
});

Deno.test("readModules() knows nothing of another output", () => {
  assertEquals(["", "42\n", "42\nTraceback", "all\njson"].map(readModules), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

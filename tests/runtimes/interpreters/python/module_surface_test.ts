import { assertEquals } from "@std/assert";
import type { Need, NeedKind } from "../../../../src/core/needs.ts";
import {
  isThirdParty,
  moduleSurface,
  parseModules,
} from "../../../../src/runtimes/interpreters/python/module_surface.ts";

function need(name: string, kind: NeedKind = "module"): Need {
  return { kind, name, file: "main.py", line: 1, certain: true };
}

Deno.test("moduleSurface() knows what is missing only where the list is complete", () => {
  const surfaceOf = (output: string) => {
    const list = parseModules(output);
    return list && moduleSurface(list, { remedy: "install it" });
  };
  const all = surfaceOf("all\njson\nnumpy\n");
  assertEquals(["json", "numpy", "pandas", ""].map((name) => all?.has(need(name))), [true, true, false, false]);
  assertEquals(all?.has(need("json", "package")), undefined);
  const some = surfaceOf("some\njson\n");
  assertEquals([some?.has(need("json")), some?.has(need("pandas"))], [true, undefined]);
});

Deno.test("parseModules() knows nothing of another output", () => {
  assertEquals(["", "\n", "Traceback", "\nall\njson", "all json"].map(parseModules), Array(5).fill(undefined));
});

Deno.test("isThirdParty() tells what may be missing from what comes with Python", () => {
  assertEquals(["numpy", "json", "_thread", "__main__", "tkinter", "Json"].map((name) => isThirdParty(need(name))), [
    ...[true, false, false, false, true, true],
  ]);
  assertEquals(isThirdParty(need("numpy", "package")), false);
});

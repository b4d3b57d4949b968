import { assertEquals } from "@std/assert";
import { readProgram } from "../../../src/runtimes/isolate/program_files.ts";

/** Files in memory, which are read as those of a workspace. */
function filesOf(texts: Readonly<Record<string, string>>) {
  return {
    read: (path: string) => {
      const text = texts[path];
      return text === undefined
        ? Promise.reject(new Deno.errors.NotFound(path))
        : Promise.resolve(ReadableStream.from([new TextEncoder().encode(text)]));
    },
  };
}

Deno.test("readProgram() reads what files of the program may import, and nothing else", async () => {
  const texts = {
    "src/main.js":
      'import "./a.js"; import b from "../b/b.js"; export * from "/workspace/c.js"; "./none.js"; import "lib";',
    "src/a.js": "import './main.js'; import { d } from './d.json' with { type: 'json' };",
    "src/d.json": "{}",
    "b/b.js": 'import "file:///workspace/src/e.ts";',
    "src/e.ts": 'import "../../outside.js"; const path = "./a.js";',
    "c.js": "",
    "unread.js": "",
    "outside.js": "",
  };
  const { entry, files } = await readProgram(filesOf(texts), "src/main.js");
  assertEquals(entry, "src/main.js");
  assertEquals(Object.keys(files).toSorted(), ["b/b.js", "c.js", "src/a.js", "src/d.json", "src/e.ts", "src/main.js"]);
});

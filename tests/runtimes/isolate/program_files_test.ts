import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { readProgram } from "../../../src/runtimes/isolate/program_files.ts";

/** Files in memory, which are read as those of a workspace. */
function filesOf(texts: Readonly<Record<string, string>>) {
  return {
    read: (path: string, { length = Infinity }: { readonly length?: number } = {}) => {
      const text = Object.hasOwn(texts, path) ? texts[path] : undefined;
      return text === undefined
        ? Promise.reject(new Deno.errors.NotFound(path))
        : Promise.resolve(ReadableStream.from([new TextEncoder().encode(text).subarray(0, length)]));
    },
  };
}

Deno.test("readProgram() reads what files of the program may import, and nothing else", async () => {
  const texts = {
    "src/main.js":
      'import "./a.js"; import b from "../b/b.js"; export * from "/workspace/c.js"; "./none.js"; import "lib";',
    "src/a.js":
      "const half = 'a'/2; import './main.js'; import '../same_line.js?again#x'; '../constructor'; import { d } from './d.json' with { type: 'json' };",
    "src/d.json": "{}",
    "b/b.js": 'import "file:///workspace/src/e.ts";',
    "src/e.ts": 'import "../../outside.js"; const path = "./a.js";',
    "c.js": "",
    "same_line.js": "",
    "unread.js": "",
    "outside.js": "",
  };
  const { entry, files } = await readProgram(filesOf(texts), "src/main.js");
  assertEquals(entry, "src/main.js");
  const read = ["b/b.js", "c.js", "same_line.js", "src/a.js", "src/d.json", "src/e.ts", "src/main.js"];
  assertEquals(Object.keys(files).toSorted(), read);
});

Deno.test("readProgram() reads a file that is imported to its end, or refuses the program", async () => {
  const long = "x".repeat(2_000_000);
  const { files } = await readProgram(filesOf({ "main.js": 'import "./data.json";', "data.json": long }), "main.js");
  assertEquals(files["data.json"]?.length, long.length);
  const texts = { "main.js": 'import "./data.json";', "data.json": long.repeat(9) };
  const error = await assertRejects(() => readProgram(filesOf(texts), "main.js"), CodeBeakerError);
  assertEquals(error.code, "too_large");
});

import { assertEquals } from "@std/assert";
import { ENVIRONMENTS } from "../../../../src/runtimes/docker/images/environments.ts";
import {
  canWriteFiles,
  encodeMessage,
  interpreterWords,
} from "../../../../src/runtimes/docker/warm/warm_interpreter.ts";

const NO_SPEC = { image: "", file: "", run: [] };
const PYTHON = {
  image: "i",
  interpreterless: new Set<string>(),
  spec: ENVIRONMENTS["python"] ?? NO_SPEC,
  variables: {},
};

Deno.test("interpreterWords() starts Python without reading the workspace", () => {
  const [mark, directory, hook, text, ...line] = interpreterWords({ ...PYTHON, variables: { A: "b" } }, { nonce: "n" });
  assertEquals([mark, directory, hook], ["-", "/workspace", "/tmp/.hook-n/usercustomize.py"]);
  assertEquals(text?.includes('raise ImportError(name="usercustomize")'), true);
  assertEquals(line, [
    "env",
    "PYTHONPATH=/tmp/.hook-n",
    "PYTHONUSERBASE=/tmp/.hook-n",
    "CODEBEAKER_PYTHONPATH=/workspace/.packages",
    "python3",
    "main.py",
  ]);
});

Deno.test("interpreterWords() has no interpreter where variables of the container change its start", () => {
  for (const name of ["PYTHONHOME", "PYTHONPYCACHEPREFIX", "LANG", "LC_ALL", "TZ"]) {
    assertEquals(interpreterWords({ ...PYTHON, variables: { [name]: "" } }, { nonce: "n" }), []);
  }
});

Deno.test("interpreterWords() has no interpreter for other languages", () => {
  const others = Object.entries(ENVIRONMENTS).filter(([name]) => name !== "python");
  assertEquals(interpreterWords({ ...PYTHON, interpreterless: new Set(["i"]) }, { nonce: "n" }), []);
  for (const [, spec] of others) assertEquals(interpreterWords({ ...PYTHON, spec }, { nonce: "n" }), []);
});

Deno.test("canWriteFiles() is true for a few small files directly in the workspace", () => {
  const file = new Uint8Array(1);
  const many = (count: number) => new Map(Array.from({ length: count }, (_, index) => [`f${index}`, file] as const));
  assertEquals([many(0), many(16), many(17)].map(canWriteFiles), [true, true, false]);
  assertEquals(canWriteFiles(new Map([["a", new Uint8Array(65_536)]])), true);
  assertEquals(canWriteFiles(new Map([["a", new Uint8Array(65_536)], ["b", file]])), false);
  assertEquals(canWriteFiles(new Map([["a/b", file]])), false);
});

Deno.test("encodeMessage() counts bytes, not characters", () => {
  const files = new Map([["ü", new Uint8Array([0, 58, 255])]]);
  const message = encodeMessage({ env: { A: "1:2\n" }, files, argv: ["p", ""] });
  const expected = ["1:1", "6:A=1:2\n", "1:1", "2:ü", "3:"].map((text) => new TextEncoder().encode(text));
  assertEquals([...message], [
    ...expected.flatMap((bytes) => [...bytes]),
    0,
    58,
    255,
    ...new TextEncoder().encode("1:p0:"),
  ]);
});

import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { attributesAt, maskAttributes } from "../../../src/needs/javascript/import_attributes.ts";
import { isForBun, mayNeed } from "../../../src/needs/javascript/words.ts";

const MAX_LENGTH = 2 ** 20;

/** Texts in which an expression that goes back takes more than linear time, by their repeated part. */
const HOSTILE: Readonly<Record<string, (length: number) => string>> = {
  "slashes and blanks": (length) => "/".repeat(length / 3) + " ".repeat(length * 2 / 3),
  "slashes": (length) => "/".repeat(length),
  "blanks": (length) => `1${" ".repeat(length)}`,
  "blanks after a comment": (length) => `/* */${" ".repeat(length)}`,
  "empty lines": (length) => `//${"\n".repeat(length)}`,
  "empty comments": (length) => "//\n".repeat(length / 3),
  "comments of slashes": (length) => "////////////////////////////////\n".repeat(length / 33),
  "separators of lines": (length) => "//\r\u2028 ".repeat(length / 5),
  "brackets": (length) => "[".repeat(length),
  "closing brackets": (length) => "] ".repeat(length / 2),
  "a key that does not end": (length) => `a[${"1".repeat(length)}`,
  "keys of text": (length) => `a["b" ] ;`.repeat(length / 9),
  "a text that does not end": (length) => `a["${"a['".repeat(length / 3)}`,
  "timers": (length) => "setTimeout(async ()=>".repeat(length / 21),
  "the parameter of a timer": (length) => `setTimeout(async${" ".repeat(length)}`,
  "attributes": (length) => `import "a" with {${'a: "" '.repeat(length / 6)}`,
  "attributes of an expression": (length) => `import("a", { with: {${"a: '' , ".repeat(length / 8)}`,
  "an attribute and blanks": (length) => `import "a" with { a: ""${" ".repeat(length)}`,
  "modules": (length) => `from"with"`.repeat(length / 10),
};

/** Processor time of reading a text, in µs. */
function timeOf(text: string): number {
  const start = process.cpuUsage();
  mayNeed(text);
  isForBun(text);
  maskAttributes(text);
  attributesAt(text, 0);
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

Deno.test("texts are searched in linear time, whatever is in them", () => {
  const plain = "const a = f(b) + 1; // c\n".repeat(MAX_LENGTH / 25);
  const most = 100 * Math.max(timeOf(plain), timeOf(plain), 1_000);
  for (const [what, textOf] of Object.entries(HOSTILE)) {
    for (let length = 64; length <= MAX_LENGTH; length *= 2) { // It fails before a text takes for ever.
      assert(timeOf(textOf(length)) < most, `${what}, ${length} characters`);
    }
  }
});

Deno.test("mayNeed() sees a computed key behind comments and line ends, and no list", () => {
  const keys = [
    "a[k]",
    "a\n[k]",
    "a // ;\n[k]",
    "a // ;\r\n\n  [k]",
    "a // ;\u2028[k]",
    "a // ; // ,\n// ;\n[k]",
    "a /*;*/ [k]",
  ];
  assertEquals(keys.filter((code) => !mayNeed(code)), []);
  const lists = ["a = [\n  [b],\n  // c\n  1,\n];", 'a["b"]', "a // ;\n[1]", "// a\nb = 1;\n\n c = [\n [d]];"];
  assertEquals(lists.filter(mayNeed), []);
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyText } from "../support/any_text.ts";
import type { Needs } from "../../src/core/needs.ts";
import { AnalysisThread } from "../../src/needs/analysis_thread.ts";
import { parserFor } from "../../src/needs/javascript/parsers.ts";
import { NeedAnalyser } from "../../src/needs/need_analyser.ts";

/** A clock that stands still, so that no test depends on how busy the machine is. */
const STILL = { now: () => 0 };

/** A thread for whose answer a program waits as long as the machine is busy. */
const patientThread = () => new AnalysisThread({ maxWaitMs: 600_000 });

function programOf(files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>) {
  const placed = Object.entries(files).map(([path, content]) => ({
    path,
    bytes: typeof content === "string" ? new TextEncoder().encode(content) : content,
  }));
  return { files: placed, entrypoint: placed[0]?.path ?? "" };
}

async function find(files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>): Promise<Needs | undefined> {
  using analyser = new NeedAnalyser({ ...STILL, thread: patientThread() });
  return await analyser.find(programOf(files));
}

/** Needs in one line each: what, where, and whether it is certain; what is unknown last. */
function shown(needs: Needs | undefined): string[] {
  if (needs === undefined) return ["not analysed"];
  const uses = needs.uses.map(({ kind, name, effect, file, line, certain }) =>
    [kind, name, ...(effect === undefined ? [] : [`(${effect})`]), `${file}:${line}`, ...(certain ? ["certain"] : [])]
      .join(" ")
  );
  return needs.known ? uses : [...uses, `unknown: ${needs.reason}`];
}

const SCRIPTS: Readonly<Record<string, readonly [code: string, ...shown: string[]]>> = {
  "needs nothing to compute": ["show([1, 2].map((x) => x * 2), new Map(), await Promise.all([]));"],
  "needs no console of its own for text, numbers and booleans": [
    'console.log("a", 40 + 2, `${x}`, x.length, JSON.stringify(x), (x * 2).toFixed(1), a.join(), !x, x > 1); console.error();',
  ],
  "needs no console of its own for names that are only ever numbers": [
    "let sum = 0, none; for (let i = 0; i < 9; i++) sum += i * 2; const isOdd = sum % 2 === 1; console.log(sum, isOdd, none);",
  ],
  "finds a console that shows a name which may be an object at another place": [
    "let sum = 0; console.log(sum); sum = find(); let n = 1; function f(n) { console.info(n); } let e = 1; [e] = [{}]; console.warn(e);",
    ...["log", "info", "warn"].map((method) => `global console.${method} main.ts:1`),
  ],
  "finds a console that shows values, since each runtime shows them in its own way": [
    "console.log(x);\nconsole.error({});\n[1].forEach(console.info);\nconsole.table(1);\nconsole.debug('%o', 1, 2);\nconsole.warn(a ?? 1);\nconst { dir } = console;",
    ...["console.log main.ts:1", "console.error main.ts:2", "console.info main.ts:3", "console.table main.ts:4"].map((
      use,
    ) => `global ${use}`),
    ...["console.debug main.ts:5", "console.warn main.ts:6", "console main.ts:7"].map((use) => `global ${use}`),
  ],
  "needs no console of its own for plain values with a type": ["console.log('a' as T, x.length satisfies number);"],
  "finds a console that shows what may be an object, whatever its type and name": [
    "console.log(x as T);\nconsole.error(x satisfies T);\nconsole.info(e.message);\nconsole.warn(s.size);\nconsole.debug(a.join);",
    ...["log", "error", "info", "warn", "debug"].map((method, index) =>
      `global console.${method} main.ts:${index + 1}`
    ),
  ],
  "ignores strings, comments and properties": [
    '// Deno.readFile\nconst o = { Deno: 1 }; show("Bun.file", o.Deno, `eval`);',
  ],
  "ignores types": ["type F = Deno.FileInfo; const f: Deno.FileInfo | undefined = undefined; show(f);"],
  "ignores imported types": ['import type { X } from "npm:x";\nconst x: X = 1; show(x);'],
  "finds Deno": ['\nconst t = await Deno.readTextFile("x");', "global Deno.readTextFile (file) main.ts:2 certain"],
  "finds Bun": ['show(await Bun.file("x").text());', "global Bun.file (file) main.ts:1 certain"],
  "is not certain of what follows a call": ["f();\nBun.gc();", "global Bun.gc main.ts:2"],
  "is not certain of what may not run": ["if (x) Bun.gc();", "global Bun.gc main.ts:1"],
  "is not certain of what follows an optional call in its chain": [
    "a?.(Bun.argv);\nb?.c.d(Bun.main);\nawait (e?.[Bun.env]);",
    ...["global Bun.argv main.ts:1", "global Bun.main main.ts:2", "global Bun.env main.ts:3"],
  ],
  "is not certain of what is assigned only where nothing is": [
    "let a, b, c;\na ??= Bun.argv;\nb ||= Bun.main;\nc &&= Bun.env;\nc = Bun.cwd;",
    ...["global Bun.argv main.ts:2", "global Bun.main main.ts:3", "global Bun.env main.ts:4"],
    "global Bun.cwd main.ts:5 certain",
  ],
  "is not certain of what follows a throw or a loop": [
    "throw 1;\nBun.argv;",
    "global Bun.argv main.ts:2",
  ],
  "finds a module of which only types are imported by name, since it is searched for all the same": [
    'import { type A } from "bun";\nimport type { B } from "bun:sqlite";\nexport type { C } from "bun:ffi";\nshow();',
    "builtin bun main.ts:1 certain",
    "types an import of types only main.ts:1",
  ],
  "is not certain of a function's body": ["function f() {\n  return Bun.gc();\n}", "global Bun.gc main.ts:2"],
  "is not certain of typeof": ['const a = typeof Bun === "undefined";', "global Bun main.ts:1"],
  "finds shorthands": ["const o = { Deno };", "global Deno main.ts:1"],
  "finds spreads": ["const a = [...process.argv];", "global process.argv main.ts:1"],
  "ignores what the file declares": [
    "function f(process: string) { return process; }\nimport.meta;",
    "global import.meta main.ts:2 certain",
  ],
  "finds imports": [
    'import a from "node:fs";\nimport b from "npm:b";\nexport * from "https://c/d.ts";\nimport { x } from "bun:sqlite";\nimport "lodash";',
    "builtin node:fs (file) main.ts:1 certain",
    "package npm:b main.ts:2 certain",
    "url https://c/d.ts main.ts:3 certain",
    "builtin bun:sqlite (file) main.ts:4 certain",
    "package lodash main.ts:5 certain",
    "types an import that may be a type main.ts:1",
  ],
  "is not certain of globals that a package may define": [
    'import "npm:polyfill";\nBun.gc();',
    "package npm:polyfill main.ts:1 certain",
    "global Bun.gc main.ts:2",
  ],
  "finds dynamic imports": ['const a = await import("npm:b");', "global import() main.ts:1", "package npm:b main.ts:1"],
  "finds require": [
    'const a = require("node:net");',
    "global require main.ts:1",
    "builtin node:net (socket) main.ts:1",
  ],
  "finds syntax": [
    "enum A { B }\nnamespace C { export const d = 1 }\nclass E { constructor(private f: string) {} @g h() {} }",
    "syntax enum main.ts:1",
    "syntax namespace main.ts:2",
    "syntax parameter property main.ts:3",
    "syntax decorator main.ts:3",
  ],
  "tells enums that may leave no value": ["const enum A { B }\nshow(typeof A);", "syntax const enum main.ts:1"],
  "finds the prototype as a property": [
    "show({ __proto__: null });\nclass A { __proto__ = 1 }\nshow(a.__proto__);",
    "syntax __proto__ main.ts:3",
  ],
  "finds the prototype that a pattern takes out": ["const { __proto__: a } = b;", "syntax __proto__ main.ts:1"],
  "finds the prototype as the name in a text": ["a[`__proto__`] = 1;", "syntax __proto__ main.ts:1"],
  "finds the prototype among an enum's members": [
    "enum A { __proto__ }",
    "syntax enum main.ts:1",
    "syntax __proto__ main.ts:1",
  ],
  "finds new methods": ['show(Uint8Array.fromBase64("aa"));', "syntax .fromBase64 main.ts:1"],
  "sees through globalThis": ["show(globalThis.Deno.pid);", "global Deno.pid main.ts:1"],
  "knows a timer with a function": [
    "const f = () => {};\nsetTimeout(f, 1);\nawait new Promise((r) => setTimeout(r, 1));",
  ],
  "does not know eval": ["eval(x);", "unknown: main.ts:1 uses eval"],
  "does not know Function": ['new Function("return Deno")();', "unknown: main.ts:1 uses Function"],
  "does not know a constructor of functions": [
    '(() => {}).constructor("return Deno")();',
    "unknown: main.ts:1 uses the constructor of a value",
  ],
  "does not know it by its name": ['a["constructor"]("x");', "unknown: main.ts:1 uses the constructor of a value"],
  "knows the name of a constructor": ["show(x.constructor.name);"],
  "does not know globalThis": ['globalThis["De" + "no"];', "unknown: main.ts:1 uses globalThis"],
  "does not know what is set on globalThis": [
    "globalThis.Bun = {};\nBun.x;",
    "global Bun main.ts:1",
    "global Bun.x main.ts:2",
    "unknown: main.ts:1 changes globalThis",
  ],
  "does not know a computed import": [
    'await import("npm:" + x);',
    "global import() main.ts:1",
    "unknown: main.ts:1 has a computed import",
  ],
  "does not know a computed require": [
    "const a = require(x);",
    "global require main.ts:1",
    "unknown: main.ts:1 has a computed require",
  ],
  "does not know a computed call": ["a[b](c);", "unknown: main.ts:1 calls a computed property"],
  "knows a computed key that is a number": [
    "let n = 0, d, s = 2;\nfor (let i = 0, j = n - 1; i < 9; i++, j += s) { s = i % 2 ? 1 : j; d = Math.floor(i / 2); show(a[i], a[j][d], a[(i + 1) % n], a[n - 1], a[+k], a[1]); }",
  ],
  "knows a computed property that is printed, compared, calculated with, assigned or dropped": [
    "c[w] = (c[w] || 0) + 1;\nc[w]++;\nd[k] ??= [];\ne[k].push(1);\nif (f[k] && !g[k]) show(`${h[k]}`, String(i[k]), k in j, l[k] === 1, m[k]?.length, m[k][p] * 2);\nconst [q, r] = s[k];\nfor (const t of u[k]) show([...v[k]], { [k]: 1 });",
  ],
  "knows the members of a class by a computed name": ["class A { [k]() {} static [l] = 1; constructor() {} }"],
  "knows Reflect.ownKeys": ["show(Reflect.ownKeys(a), Reflect.has(a, k));"],
  "does not know a timer with text": [
    'setTimeout("Deno.exit()", 1);',
    "unknown: main.ts:1 may give code to setTimeout",
  ],
  "does not know a timer with a variable": [
    "const c = x;\nsetInterval(c);",
    "unknown: main.ts:2 may give code to setInterval",
  ],
  "does not know escapes": ["show(D\\u0065no.pid);", "unknown: main.ts:1 has syntax that is not understood"],
  "does not know broken syntax": ["let { from;", "unknown: main.ts:1 has syntax that is not understood"],
  "does not know data URLs": ['import "data:text/javascript,x";', "unknown: main.ts:1 imports code from a data URL"],
  "does not know workers": ["new Worker(x);", "global Worker (thread) main.ts:1", "unknown: main.ts:1 uses Worker"],
  "does not know what the program calls Bun itself": [
    "enum Bun { A }\nshow(Bun.A);",
    "syntax enum main.ts:1",
    "unknown: main.ts:2 declares Bun",
  ],
  "does not know what is assigned to a global": [
    "Bun = { gc() {} };\nBun.gc();",
    "global Bun.gc main.ts:2",
    "unknown: main.ts:1 changes Bun",
  ],
  "lists no endless names": [
    `import "npm:${"x".repeat(300)}";`,
    "unknown: main.ts:1 uses a name of more than 256 characters",
  ],
  "is certain of nothing beside dynamic code": [
    'import "bun:ffi";\neval(x);',
    "builtin bun:ffi main.ts:1",
    "unknown: main.ts:2 uses eval",
  ],
};

for (const [what, [code, ...expected]] of Object.entries(SCRIPTS)) {
  Deno.test(`find() ${what}`, async () => assertEquals(shown(await find({ "main.ts": code })), expected));
}

const PYTHON: Readonly<Record<string, readonly [code: string, ...shown: string[]]>> = {
  "needs nothing to compute": ["print(sum(range(10)))"],
  "ignores strings and comments": ['"""import numpy"""\n# import pandas\nprint("import scipy")'],
  "finds modules": [
    "import numpy as np, a.b.c; import os\nfrom q.w import (x, y as z,)\nfrom s import *",
    "module numpy main.py:1 certain",
    "module a main.py:1 certain",
    "module os main.py:1 certain",
    "module q main.py:2 certain",
    "module s main.py:3 certain",
  ],
  "is certain only before the first call": [
    "import json\nX = 1\nprint(1)\nimport numpy",
    "module json main.py:1 certain",
    "module numpy main.py:4",
  ],
  "is certain past definitions": [
    "def f():\n    g()\nclass A:\n    x = 1\nimport numpy",
    "module numpy main.py:5 certain",
  ],
  "is not certain past a class that calls": ["class A:\n    x = f()\nimport numpy", "module numpy main.py:3"],
  "is not certain in a group past a call": ["f(); import numpy", "module numpy main.py:1"],
  "is not certain in try": [
    "try:\n    import orjson\nexcept ImportError:\n    orjson = None\nimport re",
    "module orjson main.py:2",
    "module re main.py:5 certain",
  ],
  "is not certain under a condition": ["if x:\n    import numpy", "module numpy main.py:2"],
  "is not certain in a function": ["def f():\n    import numpy", "module numpy main.py:2"],
  "is not certain past a raise": ["if x:\n    raise SystemExit\nimport numpy", "module numpy main.py:3"],
  "is not certain past an assignment to another module": [
    "import a\na.b = 1\nimport numpy",
    "module a main.py:1 certain",
    "module numpy main.py:3",
  ],
  "tells effects": [
    "import subprocess\nimport socket",
    "module subprocess (process) main.py:1 certain",
    "module socket (socket) main.py:2 certain",
  ],
  "normalises names": ["import ｎｕｍｐｙ", "module numpy main.py:1 certain"],
  "does not know exec": ["import numpy\nexec(x)", "module numpy main.py:1", "unknown: main.py:2 uses exec"],
  "does not know __import__": ['__import__("numpy")', "unknown: main.py:1 uses __import__"],
  "does not know sys.path": [
    "import sys\nsys.path.insert(0, x)\nimport numpy",
    "module sys main.py:1",
    "module numpy main.py:3",
    "unknown: main.py:2 uses path",
  ],
  "does not know sys.path by its name": [
    "from sys import path\nimport numpy",
    "module sys main.py:1",
    "module numpy main.py:2",
    "unknown: main.py:1 imports sys",
  ],
  "does not know importlib": ["import importlib", "module importlib main.py:1", "unknown: main.py:1 imports importlib"],
  "knows the usual encodings": [
    "# -*- coding: utf-8 -*-\nimport numpy",
    "module numpy main.py:2 certain",
  ],
  "does not know other encodings": [
    "# -*- coding: utf_7 -*-\nimport numpy",
    "module numpy main.py:2",
    "unknown: main.py declares another encoding",
  ],
};

for (const [what, [code, ...expected]] of Object.entries(PYTHON)) {
  Deno.test(`find() of Python ${what}`, async () => assertEquals(shown(await find({ "main.py": code })), expected));
}

Deno.test("find() does not analyse other languages", async () => {
  assertEquals(await find({ "main.rb": 'require "socket"' }), undefined);
});

Deno.test("find() follows files of the program", async () => {
  assertEquals(
    shown(
      await find({
        "main.py": "import helper\nimport pkg.x\nimport numpy",
        "helper.py": "import pandas",
        "pkg/x.py": "import scipy",
      }),
    ),
    ["module numpy main.py:3", "module pandas helper.py:1 certain", "module scipy pkg/x.py:1"],
  );
  assertEquals(
    shown(
      await find({
        "src/main.ts": 'import "../lib/a.ts";\nBun.gc();',
        "lib/a.ts": 'import "bun:ffi";',
        "b.ts": "Deno.exit();",
      }),
    ),
    ["global Bun.gc src/main.ts:2 certain", "builtin bun:ffi lib/a.ts:1 certain", "global Deno.exit b.ts:1"],
  );
});

Deno.test("find() looks for modules beside the file that runs, and is certain of none that is elsewhere in the workspace", async () => {
  const files = { "app/main.py": "import json, helper, numpy", "helper.py": "" };
  assertEquals(shown(await find(files)), [
    "module json app/main.py:1 certain",
    "module helper app/main.py:1",
    "module numpy app/main.py:1",
  ]);
  assertEquals(shown(await find({ "main.py": "import numpy", ".packages/numpy/__init__.py": "" })), [
    "module numpy main.py:1",
  ]);
});

Deno.test("find() knows nothing of a file that is imported and not read, whatever its name, and is certain of what comes first", async () => {
  for (const name of ["lib", "lib.unknown", "sub/lib.mjs.txt"]) {
    for (
      const code of [`import "./${name}";`, `export * from "./${name}";`, `f(await import("./${name}"));`]
    ) {
      for (const main of ["main.js", "main.ts"]) {
        const needs = await find({ [main]: `Bun.argv;\n${code}\nBun.main;`, [name]: "console.log(Deno.pid + '');" });
        assertEquals([needs?.known, needs?.reason], [false, `${main}:2 imports a file that is not read`], code);
        assertEquals(needs?.uses.filter(({ certain }) => certain).map((use) => use.name), ["Bun.argv"]);
      }
    }
  }
  assertEquals(
    (await find({ "main.js": 'import "./absent.js";' }))?.reason,
    "main.js:1 imports a file that is not read",
  );
});

Deno.test("find() finds a file by another name as some runtimes do, and needs that they do", async () => {
  const other = "syntax import by another name main.js:1";
  const lib = { "lib.ts": "Bun.gc();" };
  for (const name of ["lib", "lib.js", "lib.jsx"]) {
    assertEquals(shown(await find({ "main.js": `import "./${name}";`, ...lib })), [
      ...[other, "global Bun.gc lib.ts:1 certain", "types another kind of file lib.ts:1"],
    ]);
  }
  assertEquals((await find({ "main.js": 'import "./lib";', ...lib, "lib": "" }))?.known, false);
  assertEquals(shown(await find({ "main.js": 'import a from "./a.json"; show(a);', "a.json": "{}" })), [
    "syntax import of JSON without its type main.js:1",
  ]);
});

Deno.test("find() knows nothing of a program that leaves its workspace", async () => {
  assertEquals(shown(await find({ "main.ts": 'import "../x.ts";' })), [
    "unknown: main.ts:1 imports a file outside of the workspace",
  ]);
});

Deno.test("find() knows nothing of what is not UTF-8, and of what is too long only what it begins with", async () => {
  assertEquals(shown(await find({ "main.py": Uint8Array.of(0xff, 0xfe) })), ["unknown: it is not UTF-8"]);
  const reason = "unknown: it is longer than 65536 bytes";
  const rest = "function f() {\n  return [1].map((x) => x);\n}\n".repeat(2_000);
  for (const main of ["main.js", "main.ts"]) {
    const found = async (beginning: string, end = "") => shown(await find({ [main]: beginning + rest + end }));
    assertEquals(await found("show(Bun.file('x'));\n"), ["global Bun.file (file) " + main + ":1 certain", reason]);
    assertEquals(await found("f();\nBun.gc();\n"), [reason]);
    assertEquals(await found("f((a = Bun.argv,\n1,\n"), [reason]); // It goes on, and may be a function.
    assertEquals(await found("Bun.gc();\n", "function Bun() {}"), [reason]);
    assertEquals(await found("`\n" + "a".repeat(4_090) + "\nBun.gc();\n"), [reason]);
  }
  assertEquals(shown(await find({ "main.py": "import numpy\n" + "a = 1\n".repeat(20_000) })), [
    "module numpy main.py:1 certain",
    reason,
  ]);
  assertEquals((await find({ "main.js": `Bun.gc();\n${" ".repeat(2 ** 20)}` }))?.uses, []);
});

Deno.test("find() finds the same however busy the machine is", async () => {
  const line = "export function f(a) {\n  return [a].map((x) => x + 1);\n}\n";
  const programs = [1, 50, 100].flatMap((times) => [
    { "main.js": `await Bun.file("x").text();\n${line.repeat(times)}f(Bun.main);\n` },
    { "main.ts": `import "node:fs";\n${line.repeat(times / 4)}` },
    { "main.py": "import os\ndef f():\n    return [1]\nimport numpy\n".repeat(times) },
  ]);
  using still = new NeedAnalyser({ ...STILL, thread: patientThread() });
  for (const program of programs) {
    const expected = await still.find(programOf(program));
    assert(expected !== undefined && expected.uses.some(({ certain }) => certain));
    for (const step of [0.3, 1, 1_000]) {
      let time = 0;
      using busy = new NeedAnalyser({ now: () => time += step, thread: patientThread() });
      assertEquals(await busy.find(programOf(program)), expected);
    }
  }
});

Deno.test("find() reads what a program begins with where there is no thread, and remembers that only of one that takes too long", async () => {
  const line = "export const a = [1].map((x) => x + 1);\n";
  const program = programOf({ "main.js": `Bun.gc();\nf(Bun.main);\n${line.repeat(200)}` });
  for (const answer of [undefined, "takes too long"] as const) {
    let asked = 0;
    const thread = { analyse: () => Promise.resolve((asked++, answer)), [Symbol.dispose]: () => {} };
    const analyser = new NeedAnalyser({ ...STILL, thread });
    const [needs] = await Promise.all([analyser.find(program), analyser.find(program)]);
    assertEquals(shown(needs), ["global Bun.gc main.js:1 certain", "unknown: it takes too long to read"]);
    assertEquals(asked, 1);
    await analyser.find(program);
    assertEquals(asked, answer === undefined ? 2 : 1);
  }
});

Deno.test("find() reads a long program beyond its beginning only where that may be for one runtime", async () => {
  const line = "export const a = [1].map((x) => x + 1);\n".repeat(500);
  assertEquals(shown(await find({ "main.js": `import "node:fs";\n${line}f(1);\nprocess.argv;\n` })), [
    "builtin node:fs (file) main.js:1 certain",
    "unknown: it takes too long to read",
  ]);
  assertEquals(shown(await find({ "main.js": `import "node:fs";\n${line}f(Bun.gc());\n` })), [
    "builtin node:fs (file) main.js:1 certain",
    "global Bun.gc main.js:502",
  ]);
});

/** What may reach the constructor of functions, which makes code of text. */
const REACHES_FUNCTION: readonly string[] = [
  ...[
    "const C = f[k]; C('return Deno')();",
    "show(f?.[k]);",
    "h = f[k] ?? g;",
    "x = f[k];",
    "return f[k]",
    "(0, f[k])('x')",
  ],
  ...["const { [k]: C } = f;", "({ [k]: C } = f);", "function g({ [k]: C }) {}", "for (const { [k]: C } of g);"],
  ...[
    "Reflect.get(f, k);",
    "const { get } = Reflect;",
    "Reflect[k];",
    "new f[k]('x');",
    "f[k]`x`;",
    "f[k].call(0, 'x');",
  ],
  ...["f[k].valueOf()('x');", 'f[k]["bind"](0);', "new f[k];", "String.raw`${f[k]}`;", "JSON.parse(a, f[k]);"],
  ...["function String(x) { return x } g = String(f[k]);", "Math.abs = g; Math.abs(f[k]);", "a = { k: f[k] };"],
  ...[
    "Object.prototype.me = function () { return this }; f[k].me()('x');",
    "g(...[f[k]]);",
    "x = await f[k];",
    "a = b ? f[k] : 0;",
  ],
  ...["Object.getOwnPropertyDescriptor(f, k).value;", "const { getOwnPropertyDescriptors: g } = Object;"],
  ...[
    "const { getOwnPropertyDescriptors } = Object;",
    'Object["getOwnPropertyDescriptor"];',
    "Error.prepareStackTrace = g;",
  ],
  ...[
    "const { constructor: C } = f;",
    "const { constructor } = f;",
    "({ constructor } = f);",
    'const { "constructor": C } = f;',
  ],
  ...['f["\\x63onstructor"]("x");', 'f["constru\\143tor"]("x");', 'const { "\\u0063onstructor": C } = f;'],
  ...[
    'f["con" + "structor"]("x");',
    "f[`constructor`]('x');",
    "f/**/[k]('x');",
    "f // ,\n[k]('x');",
    "f // .\n// ,\n  [k]('x');",
  ],
  ...["let i = 0; i = k; g = f[i];", "let i = 0; i += k; g = f[i];", "let i = 0; [i] = k; g = f[i];"],
  ...["let i = 0; ({ i } = k); g = f[i];", "let i = 0; (i) = k; g = f[i];", "let i = 0; for (i of k) g = f[i];"],
  ...[
    "let i = 0; for (i in k) g = f[i];",
    "let i = 0; function h(i) { return f[i] }",
    "let i = 0, j = i + k; g = f[j];",
  ],
  ...[
    "let i = 0; i ||= k; g = f[i];",
    "for (let i = k; i < 9; i++) g = f[i];",
    "const i = 0; try {} catch (i) { g = f[i] }",
  ],
  ...["import i from './i.js'; g = f[i];", "const i = a ? 0 : k; g = f[i];", "const i = typeof a; g = f[i];"],
  ...["const Math = h; g = f[Math.floor(1)];", "const { a: i } = k; g = f[i];", "const i = g(); h = f[i];"],
];

Deno.test("find() does not know what may reach the constructor of functions", async () => {
  const known: string[] = [];
  for (const code of REACHES_FUNCTION) {
    for (const path of ["main.js", "main.ts"]) {
      if ((await find({ [path]: code, "i.js": "" }))?.known !== false) known.push(`${path} ${code}`);
    }
  }
  assertEquals(known, []);
  assertEquals((await find({ "main.ts": "let k = f as number; g = h[k as number]; i = h[k!];" }))?.known, false);
  assertEquals((await find({ "main.ts": "declare const k: string; g = h[k];" }))?.known, false);
  assertEquals((await find({ "main.cjs": "with (f) constructor('x');" }))?.known, false);
});

/** Puts a comment before every token of a program. */
function commented(code: string, path: string): string {
  const places: number[] = [];
  parserFor({ path }).parse(code).iterate({
    enter: ({ from, name, node }) => {
      if (node.firstChild === null && !/^(?:Escape|InterpolationStart|JSX.*)$/.test(name)) places.push(from);
    },
  });
  return places.reduceRight((text, at) => `${text.slice(0, at)}/* c */${text.slice(at)}`, code);
}

Deno.test("find() finds the same where comments stand between all tokens, or knows less", async () => {
  const wrong: string[] = [];
  for (const [code, ...expected] of Object.values(SCRIPTS)) {
    const needs = await find({ "main.ts": commented(code, "main.ts") });
    if (needs?.known && shown(needs).join("\n") !== expected.join("\n")) wrong.push(code);
  }
  for (const code of REACHES_FUNCTION) {
    for (const path of ["main.js", "main.ts"]) {
      if ((await find({ [path]: commented(code, path), "i.js": "" }))?.known !== false) wrong.push(`${path} ${code}`);
    }
  }
  assertEquals(wrong, []);
  for (
    const code of ['let k = "a" + b; f[k]();', "let k = 0; k = a + b; f[k]();", "g = f[k] ?? 1;", "show(a ?? f[k]);"]
  ) {
    for (const [at] of code.matchAll(/(?<= )[=+?]+/g)) {
      const text = code.replaceAll(at, `/* c */ ${at}`);
      assertEquals((await find({ "main.js": text }))?.known, false, text);
    }
  }
});

Deno.test("find() judges computed keys in deep and long texts", async () => {
  const deep = (open: string, inner: string, close: string) => open.repeat(1_000) + inner + close.repeat(1_000);
  for (
    const code of [
      `x = f[${deep("(", "1", ")")}];`,
      deep("(", "f[k]", ")") + ";",
      `x = f[${"1+".repeat(1_500)}1];`,
      deep("f[k]||(", "1", ")") + ";",
      Array.from({ length: 200 }, (_, n) => `let i${n} = i${n + 1};`).join("") + "let i200 = k; x = f[i0];",
    ]
  ) assertEquals((await find({ "main.js": code }))?.known, false, code.slice(0, 20));
});

Deno.test("find() understands the attributes of imports", async () => {
  const json = 'import d from "./d.json" with { type: "json" };\nBun.gc();';
  assertEquals(shown(await find({ "main.js": json, "d.json": "{}" })), [
    "syntax import of JSON main.js:1",
    "global Bun.gc main.js:2 certain",
  ]);
  const texts = [
    "import d from './d.json' with { 'type': 'json', };",
    'await import("./d.json", { with: { type: "json" } });',
    'export { default } from "./d.json"with{type:"json"}',
    'import d from "./d.json"\n  with {\n    type: "json",\n  };',
  ];
  for (const text of texts.slice(1)) {
    const needs = await find({ "main.js": text, "d.json": "{}" });
    assertEquals([needs?.known, needs?.uses.at(-1)?.name], [true, "import of JSON"], text);
  }
  const other = await find({ "main.js": 'import d from "./d.md" with { type: "text" };', "d.md": "" });
  assertEquals([other?.known, other?.uses[0]?.name], [false, "import attributes"]);
  // What only looks like one hides nothing.
  for (
    const text of [
      "show('from \"', '\" with {', Deno.pid, '}');",
      'show(`from "" with {a: ${Deno.pid}}`);',
      'export * from "a"\nwith ({ b: Deno.pid }) {}',
    ]
  ) {
    const needs = await find({ "main.js": text });
    assert(needs?.known === false || needs?.uses.some(({ name }) => name === "Deno.pid"), text);
  }
});

Deno.test("find() reads the beginning of a long Python program, and is certain of what it sees there", async () => {
  const body = "def f():\n    return [\n        1,\n    ]\n\n".repeat(1_000);
  assertEquals(shown(await find({ "main.py": `import numpy\n${body}import pandas\n` })), [
    "module numpy main.py:1 certain",
    "unknown: main.py is read up to character 4093 only",
  ]);
  const docs = `"""${"import scipy\n".repeat(1_000)}"""\nimport numpy\n`;
  assertEquals((await find({ "main.py": docs }))?.uses, []);
});

Deno.test("find() reads no re-export as a package of its own", async () => {
  assertEquals(shown(await find({ "main.ts": 'export { a } from "node:fs";' })), [
    "builtin node:fs (file) main.ts:1 certain",
    "types an export that may be a type main.ts:1",
  ]);
  assertEquals(shown(await find({ "main.ts": "export const a = Array.from([1]);" })), []);
  assertEquals(shown(await find({ "main.ts": 'export default "from";' })), []);
});

Deno.test("find() lists at most 64 needs, and then does not know all", async () => {
  const needs = await find({ "main.ts": Array.from({ length: 300 }, (_, n) => `import "npm:m${n}";`).join("\n") });
  assertEquals([needs?.uses.length, needs?.known, needs?.reason], [64, false, "the program uses more than 64 things"]);
});

Deno.test("find() reads a program once", async () => {
  const analyser = new NeedAnalyser(STILL);
  const first = await analyser.find(programOf({ "main.py": "import numpy" }));
  assert(first === await analyser.find(programOf({ "main.py": "import numpy" })));
  assertEquals(shown(await analyser.find(programOf({ "main.py": "import numpy", "numpy.py": "" }))), []);
});

Deno.test("find() remembers no needs that take much memory", async () => {
  const analyser = new NeedAnalyser(STILL);
  const program = programOf({ [`${"long/".repeat(500)}main.py`]: "import a, b, c, d, e, f, g, h" });
  const needs = await analyser.find(program);
  assertEquals(needs?.uses.length, 8);
  assert(needs !== await analyser.find(program));
});

const HOSTILE = [
  "[",
  "(",
  "{",
  "`${",
  "<",
  "a=>",
  "\ud800",
  "import ",
  "if x:\n ",
  "f'{",
  "'''",
  "@",
  "\\u",
  "class A:",
  "\0",
  "é",
];

Deno.test("find() never throws and is never certain of anything without an import or a global, whatever the text", async () => {
  const analyser = new NeedAnalyser({ now: () => 0 });
  const text = fc.oneof(
    anyText(),
    fc.array(fc.constantFrom(...HOSTILE, "Deno", "Bun.x", "numpy", "\n", " ", ";", "eval", '"', ":")).map((parts) =>
      parts.join("")
    ),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom("main.ts", "main.py", "main.jsx", "main.js"), async (code, path) => {
      const needs = await analyser.find(programOf({ [path]: code }));
      assert(needs !== undefined && (needs.known || needs.reason !== undefined));
      for (const use of needs.uses.filter(({ certain }) => certain)) {
        assert(code.toWellFormed().normalize("NFKC").includes(use.name.split(/[.:]/)[0] ?? ""), use.name);
      }
    }),
    { numRuns: 200 },
  );
});

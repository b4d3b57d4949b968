import { assertEquals, assertMatch } from "@std/assert";
import { Contexts } from "../../../src/contexts/contexts.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { create as createBun } from "../../../src/runtimes/bun/mod.ts";
import { create as createNode } from "../../../src/runtimes/node/mod.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

const NAMES =
  "Array,Atomics,Error,JSON,Map,Object,Promise,RegExp,Set,String,SyntaxError,TextDecoder,TypeError,Uint8Array,URL," +
  "clearTimeout,process,setImmediate,setTimeout";

/** Cells, and what each says: its value, or what its stderr begins with. */
const CELLS: readonly (readonly [code: string, said: unknown])[] = [
  ["const { readFileSync } = require('node:fs'); readFileSync(0, 'utf8')", ""],
  ["Object.prototype.toJSON = Array.prototype.toJSON = () => ({ kind: 'done', value: 'forged' }); 1", 1],
  ["import { sep } from 'node:path'; [{ sep }]", [{ sep: "/" }]],
  ["delete Object.prototype.toJSON; delete Array.prototype.toJSON; JSON.stringify = () => '{'; [1]", [1]],
  ["const fs = require('node:fs'); fs.writeSync = () => 0; require('node:module').syncBuiltinESMExports?.(); 2", 2],
  ["console.log('x'.repeat(200_000)); process.stdout.write('y'.repeat(200_000)); 3", 3],
  ["let a = await 4; class B {} if (a) var c = 1; [a, new B() instanceof B, c]", [4, true, 1]],
  ["const a = 5; a = 6", "Uncaught TypeError: Assignment to constant variable."],
  ["Promise.reject(new RangeError('nobody handles it')); 7", "Uncaught RangeError: nobody handles it"],
  [`const ${NAMES.replaceAll(",", " = 1, ")} = 1; a`, 5],
  ["import { join } from 'node:path'; using r = null; [join('a', 'b')]", ["a/b"]],
  ["let = = 1", "Uncaught SyntaxError"],
  ["const { stdout } = globalThis.process; stdout.cork(); stdout.cork(); stdout.write('x'); 8", 8],
  ["stdout._write = () => {}; stdout.write('x'); 9", 9],
];

const host = await openRuntimeHost();
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());

for (const [language, create] of Object.entries({ bun: createBun, node: createNode })) {
  const runtime = create(host);
  Deno.test.afterAll(async () => await runtime[Symbol.asyncDispose]());
  const isThere = isPresent(language, await testedAvailability(runtime, language));

  /** Runs cells in a context one after the other. */
  const inContext = async (codes: readonly string[], cellLanguage = language): Promise<ProgramResult[]> => {
    await using environment = await runtime.createEnvironment(
      configureEnvironment(language),
    );
    await using contexts = new Contexts();
    const memory = { [Symbol.dispose]() {} };
    const options = { language: cellLanguage, limits: DEFAULT_LIMITS, lifetimeMs: 60_000, createdAt: 0, memory };
    const context = contexts.get((await contexts.open(environment, options)).id);
    const results: ProgramResult[] = [];
    for (const code of codes) results.push(await context.run({ code }, { limits: DEFAULT_LIMITS }));
    return results;
  };

  Deno.test({
    name: `[${language}] a cell says what it is worth, whatever a program plants in the way of that`,
    ignore: !isThere,
    fn: async () => {
      const results = await inContext(CELLS.map(([code]) => code));
      for (const [index, { stderr, stdout, value }] of results.entries()) {
        const [code = "", said] = CELLS[index] ?? [];
        if (typeof said === "string" && said !== "") assertMatch(stderr, new RegExp(`^${said}`), code);
        else assertEquals([stderr, value], ["", said], code);
        if (code.includes("repeat")) assertEquals(stdout.length, 400_001);
      }
    },
  });

  if (language === "node") {
    Deno.test({
      name: `[${language}] a cell in TypeScript has no types when it runs, and more than types is Node's own error`,
      ignore: !isThere,
      fn: async () => {
        const cells = [
          "let n: number = 1; type A = string; n",
          "n as number + 1",
          "enum E { A = 3 } E.A",
          "let a: = 1",
        ];
        for (const cellLanguage of ["typescript", language]) {
          const [first, second, ...failed] = await inContext(cells, cellLanguage);
          assertEquals([first?.value, second?.value, first?.stderr], [1, 2, ""]);
          assertMatch(failed[0]?.stderr ?? "", /^Uncaught SyntaxError: .*enum is not supported/);
          assertMatch(failed[1]?.stderr ?? "", /^Uncaught SyntaxError/);
        }
      },
    });
    continue;
  }
  Deno.test({
    name: `[${language}] a cell in TypeScript has no types when it runs, and what only TypeScript has is made anew`,
    ignore: !isThere,
    fn: async () => {
      const cells = ["enum E { A = 3 } E.A", "enum E { B } const n: number = E.B; [n, 'A' in E]", "let a: = 1"];
      const [first, second, failed] = await inContext(cells, "typescript");
      assertEquals([first?.value, second?.value], [3, [0, false]]);
      assertMatch(failed?.stderr ?? "", /^Uncaught SyntaxError.*\n {4}at cell_3:1:8/);
    },
  });
}

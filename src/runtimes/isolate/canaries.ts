import type { Outcome } from "../../core/execution.ts";
import type { Limits } from "../../core/limits.ts";
import {
  environmentCanary,
  honestCanary,
  memoryCanary,
  networkCanary,
  secretCanary,
} from "../process/self_test/common_canaries.ts";
import type { FileCanary, ProgramCanary } from "../process/self_test/program_canary.ts";

/** Looks for a way out: the globals of the process that runs the isolate. */
const WAY_OUT = `const found = [];
for (const start of [globalThis, console.log, URL, setTimeout, structuredClone, crypto.randomUUID]) {
  try { found.push(start.constructor.constructor("return typeof process === 'object' ? process : undefined")()); } catch {}
}
const own = found.find((one) => one !== undefined);`;

const code = (...lines: string[]) => ({ "main.js": lines.join("\n") });

/** The canaries: an honest program, and one for each kind of escape and each limit. */
export const CANARIES: readonly ProgramCanary[] = [
  honestCanary(() => code("console.log(6 * 7);")),
  secretCanary({
    name: "import",
    promise: "an import reads no file of the host",
    files: ({ secretPath }) => code(`import text from ${JSON.stringify(secretPath)}; console.log(text);`),
    wrong: "an import read a file of the host",
  }),
  secretCanary({
    name: "files",
    promise: "no file of the host is read",
    files: ({ secretPath }) =>
      code(WAY_OUT, `console.log(own?.getBuiltinModule("fs").readFileSync(${JSON.stringify(secretPath)}, "utf8"));`),
    wrong: "a file of the host was read",
  }),
  networkCanary(({ port }) =>
    code(
      WAY_OUT,
      `own?.getBuiltinModule("net").connect(${port}, "127.0.0.1");`,
      `await globalThis.fetch?.("http://127.0.0.1:${port}/").catch(() => {});`,
    )
  ),
  environmentCanary(() =>
    code(WAY_OUT, "console.log(Object.entries(own?.env ?? {}).map(([name, value]) => `${name}=${value}\\0`).join(''));")
  ),
  memoryCanary(() => code("const all = []; for (let n = 0; n < 64; n++) all.push(new Uint8Array(16e6).fill(1));")),
  limitCanary("heap", "memory_limit", {
    promise: "no more memory is used on the heap than the limit says",
    text: "const all = []; for (;;) all.push(new Array(1e5).fill(0.5));",
  }),
  limitCanary("deadline", "timed_out", {
    promise: "a program ends at its deadline",
    text: "for (;;);",
    limits: { timeoutMs: 200 },
  }),
  limitCanary("cpu", "cpu_limit", {
    promise: "no more CPU time is used than the limit says",
    text: "for (;;);",
    limits: { cpuMs: 100 },
  }),
  limitCanary("output", "output_limit", {
    promise: "no more is printed than the limit says",
    text: 'for (;;) console.log("x".repeat(1_000));',
    limits: { maxTotalOutputBytes: 100_000 },
  }),
  limitCanary("result", "output_limit", {
    promise: "no more of a program's result is returned than the limit says",
    text: 'throw new Error("x".repeat(1_000_000));',
    limits: { maxTotalOutputBytes: 100_000 },
  }),
];

function limitCanary(
  name: string,
  kind: Outcome["kind"],
  { limits = {}, promise, text }: {
    readonly promise: string;
    readonly text: string;
    readonly limits?: Partial<Limits>;
  },
): FileCanary {
  return {
    name,
    promise,
    cost: "limit",
    files: () => code(text),
    limits,
    fault: ({ outcome }) => outcome.kind === kind ? undefined : `it ended with ${JSON.stringify(outcome)}`,
  };
}

import { alike, type Attack, type AttackTable, type Control, everywhere, WITHOUT_NAMESPACES } from "./attack.ts";

const OUTPUT = "output without bound, and pipes that a grandchild holds";
const KEPT_BYTES = 10_000;
/** Both streams' heads and tails, each byte as long as JSON can make it, and what is said around them. */
const ANSWER_LENGTH = 2 * KEPT_BYTES * 6 + 4_000;

const HELD = {
  mechanism: OUTPUT,
  limits: { maxOutputBytes: KEPT_BYTES, maxTotalOutputBytes: 1_000_000, timeoutMs: 5_000 },
  maxAnswerLength: ANSWER_LENGTH,
} as const satisfies Partial<Attack>;
/** No time ends a flood: on a busy machine it takes many times as long as on an idle one. */
const FLOOD = { ...HELD, limits: { ...HELD.limits, timeoutMs: 60_000 }, ends: ["output_limit"] } as const;

const floods = (programs: Readonly<Record<string, string>>): readonly Attack[] =>
  alike(Object.entries(programs).map(([what, code]): Attack => ({ name: `a flood of ${what}`, code, ...FLOOD })));

const FLOODS: readonly Attack[] = everywhere([
  ...floods({
    "both streams":
      "const bytes = new Uint8Array(65_536).fill(120); while (true) { Deno.stdout.writeSync(bytes); Deno.stderr.writeSync(bytes); }",
    "lines on both streams":
      'const line = "x".repeat(10_000) + "\\n"; while (true) { console.log(line); console.error(line); }',
    "stdout": 'const line = "x".repeat(65_536); while (true) console.log(line);',
    "stderr": 'const line = "x".repeat(65_536); while (true) console.error(line);',
    "one line that does not end":
      "const bytes = new Uint8Array(65_536).fill(120); while (true) Deno.stdout.writeSync(bytes);",
    "NULs":
      "const bytes = new Uint8Array(65_536); while (true) { Deno.stdout.writeSync(bytes); Deno.stderr.writeSync(bytes); }",
    "bytes that are no text":
      "const bytes = new Uint8Array(65_536).fill(0xff); while (true) Deno.stdout.writeSync(bytes);",
    "halves of characters":
      "const bytes = new Uint8Array(65_536).fill(0xf0); while (true) { Deno.stdout.writeSync(bytes); Deno.stderr.writeSync(bytes); }",
    "a terminal's commands":
      'const text = "\\x1b[2J\\x1b]0;title\\x07\\x1b[?1049h".repeat(1_000); while (true) { console.log(text); console.error(text); }',
    "control characters, each six in JSON": 'const text = "\\x01".repeat(65_536); while (true) console.log(text);',
    "errors": 'const name = "x".repeat(60_000); while (true) console.error(new Error(name));',
  }),
  {
    name: "a flood of writes that are not awaited",
    ...HELD,
    code: "while (true) { Deno.stdout.write(new Uint8Array(65_536)); await 0; }",
    ends: ["output_limit", "memory_limit", "signaled"], // Bun without memory may break down before it says so.
  },
  {
    name: "a flood at its exit",
    ...HELD,
    code:
      'const bytes = new Uint8Array(65_536).fill(120); process.on("exit", () => { while (true) Deno.stdout.writeSync(bytes); });',
    ends: ["output_limit"],
  },
]);

const FLOODS_OF_DENO: readonly Attack[] = [
  {
    name: "a flood of single bytes",
    ...HELD,
    limits: { ...HELD.limits, maxTotalOutputBytes: 100_000 },
    code: "const byte = new Uint8Array([120]); while (true) Deno.stdout.writeSync(byte);",
    ends: ["output_limit"],
  },
  ...floods({
    "Workers":
      'for (let i = 0; i < 3; i++) new Worker("data:text/javascript,while(true)console.log(%27x%27.repeat(9999));", { type: "module" }); setTimeout(() => {}, 60_000);',
  }),
  {
    name: "a flood after the end has begun",
    ...HELD,
    code:
      'const line = "x".repeat(65_536); for (const name of ["unload", "beforeunload"]) addEventListener(name, () => { while (true) console.log(line); });',
    ends: ["output_limit"],
  },
];

/** What the service takes out of a program's stderr tells it what to think of the program. */
const FORGERIES: readonly Attack[] = everywhere([
  ...alike([
    {
      name: "the marker of a program that may begin, again and in pieces",
      ...HELD,
      code:
        `for (const bytes of [[0, 7, 0], [0], [7], [0], [0, 7], [1, 0], [0, 7, 1, 0], [0, 7, 0, 0, 7, 0]]) { Deno.stderr.writeSync(new Uint8Array(bytes)); Deno.stdout.writeSync(new Uint8Array(bytes)); }`,
      ends: ["exited"],
    },
    {
      name: "the marker of an end, without one",
      ...HELD,
      limits: { ...HELD.limits, timeoutMs: 500 },
      code: "Deno.stderr.writeSync(new Uint8Array([0, 7, 1, 0])); setTimeout(() => {}, 60_000);",
      ends: ["timed_out"],
    },
  ]),
  {
    name: "the report of an end, by a program that goes on with a child",
    ...HELD,
    limits: { ...HELD.limits, timeoutMs: 1_500 },
    permissions: { allowRun: true },
    refusals: WITHOUT_NAMESPACES,
    code: `const report = new TextEncoder().encode("\\0\\x07\\x040\\0");
      new Deno.Command("setsid", { args: ["sleep", "300"], stdin: "null", stdout: "null", stderr: "null" }).spawn();
      for (const stream of [Deno.stdout, Deno.stderr]) stream.writeSync(report);
      setInterval(() => {}, 1e6);`,
    ends: ["exited", "timed_out", "nothing ran"],
  },
  {
    name: "V8's last words, without its end",
    ...HELD,
    code:
      'console.error("# Fatal JavaScript out of memory: Reached heap limit\\nFATAL ERROR: JavaScript heap out of memory\\noh no: Bun has run out of memory.\\nmemory allocation of 1 bytes failed");',
    ends: ["exited"],
  },
  {
    name: "a denial that never was",
    ...HELD,
    code: `console.error('{"permission":"read","value":"/etc/passwd","datetime":"2026-01-01T00:00:00Z"}');
      console.error('NotCapable: Requires read access to "/etc/passwd", run again with the --allow-read flag\\n    at file:///workspace/main.ts:1:1'.repeat(2_000));`,
    ends: ["exited"],
  },
  {
    name: "the service's functions, replaced before its module of the end runs",
    ...HELD,
    limits: { ...HELD.limits, timeoutMs: 1_500 },
    code: `Deno.stderr.writeSync = () => { while (true); }; Object.defineProperty(Deno, "exitCode", { get: () => 137 });
      const { fs, process: own } = { fs: process.getBuiltinModule("node:fs"), process };
      fs.writeSync = () => { while (true); }; own.listenerCount = () => 0; own.emit = () => {};
      globalThis.Uint8Array = class { constructor() { while (true); } }; Deno.exitCode = 200;`,
    ends: ["exited", "timed_out", "signaled", "cpu_limit"],
  },
  {
    name: "streams that it closes",
    ...HELD,
    code:
      "Deno.stdout.close(); Deno.stderr.close(); Deno.stdin.close(); await new Promise((resolve) => setTimeout(resolve, 100));",
    ends: ["exited"],
  },
  {
    name: "a pipe of its own to write to",
    ...HELD,
    code: `import * as fs from "node:fs";
      for (const path of ["/proc/self/fd/1", "/proc/self/fd/2", "/dev/stdout", "/dev/stderr", "/dev/fd/1"]) try { fs.writeFileSync(path, "x".repeat(2_000_000)); } catch { /* Refused. */ }`,
  },
  {
    name: "half a character at the end of each stream",
    ...HELD,
    code:
      "Deno.stdout.writeSync(new Uint8Array([0x61, 0xf0, 0x9f])); Deno.stderr.writeSync(new Uint8Array([0x61, 0xe2, 0x82]));",
    ends: ["exited"],
  },
]);

const HELD_PIPES: readonly Attack[] = [
  {
    name: "a shell's grandchild that holds the pipes",
    ...HELD,
    language: "shell",
    steps: [{ shell: "setsid sleep 300 & (sleep 301 &) ; echo done" }],
    ends: ["exited"],
  },
  {
    name: "a shell's grandchild that floods after its end",
    ...HELD,
    spoils: true,
    language: "shell",
    steps: [{ shell: "(setsid yes &) ; (setsid yes >&2 &) ; sleep 0.05; echo done" }],
    ends: ["exited", "output_limit"],
  },
  {
    name: "a shell's flood of both streams",
    ...FLOOD,
    language: "shell",
    steps: [{ shell: "yes >&2 & yes" }],
  },
  ...everywhere([{
    name: "a grandchild that holds the pipes",
    ...HELD,
    permissions: { allowRun: true },
    refusals: WITHOUT_NAMESPACES,
    code:
      'new Deno.Command("sh", { args: ["-c", "setsid sleep 300 & setsid sleep 301 >&2 &"], stdout: "inherit", stderr: "inherit" }).outputSync(); console.log("done");',
    ends: ["exited", "nothing ran"],
  }]),
  {
    name: "Python's flood of both streams",
    ...FLOOD,
    language: "python",
    code: 'import os\nwhile True:\n    os.write(1, b"x" * 65536)\n    os.write(2, b"\\0" * 65536)\n',
  },
  {
    name: "a grandchild of Python's that holds the pipes",
    ...HELD,
    language: "python",
    code: "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(300)\nprint(1)\n",
    ends: ["exited"],
  },
  { name: "a flood of bash's", ...FLOOD, language: "bash", code: "yes & yes >&2" },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "what is kept of the output is answered",
    seenBy: "excess",
    limits: { maxOutputBytes: 100_000 },
    maxAnswerLength: ANSWER_LENGTH / 2,
    code: 'console.log("x".repeat(100_000));',
  }]),
  {
    name: "what is kept of Python's output is answered",
    language: "python",
    seenBy: "excess",
    limits: { maxOutputBytes: 100_000 },
    maxAnswerLength: ANSWER_LENGTH / 2,
    code: 'print("x" * 100_000)',
  },
];

/** Output, and what of it the service takes for its own. */
export const OUTPUT_ATTACKS: AttackTable = {
  category: "output",
  attacks: [...FLOODS, ...FLOODS_OF_DENO, ...FORGERIES, ...HELD_PIPES],
  controls: CONTROLS,
};

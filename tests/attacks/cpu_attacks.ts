import { alike, type Attack, type AttackTable, type Control, everywhere } from "./attack.ts";

/** A loop in a session of its own, or where there can be none, in that of the shell. */
const LOOP_ALONE = `loop() { l="while :; do :; done"; setsid sh -c "$l" 2>/dev/null || sh -c "$l"; }`;
/** Time on the processor runs out well before time on the wall does: nothing but counting it ends these. */
const COUNTED = {
  limits: { cpuMs: 200, timeoutMs: 30_000 },
  ends: ["cpu_limit"],
} as const satisfies Partial<Attack>;

const byDeno = (programs: Readonly<Record<string, string>>): readonly Attack[] =>
  alike(Object.entries(programs).map(([what, code]): Attack => ({ name: `${what}, without end`, code, ...COUNTED })));

const IN_JAVASCRIPT: readonly Attack[] = [
  ...byDeno({
    "a loop": "while (true);",
    "a regular expression": '/^(a+)+$/.test("a".repeat(64) + "b");',
    "microtasks": "const next = () => Promise.resolve().then(next); next();",
    "timers":
      "const next = () => setTimeout(next, 0); for (let i = 0; i < 100; i++) next(); setInterval(() => { for (let i = 0; i < 1e7; i++); }, 0);",
    "WebAssembly":
      "const code = new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]); new WebAssembly.Instance(new WebAssembly.Module(code)).exports.f();",
    "a sort that compares for ever": "[1, 2].sort(() => { while (true); });",
    "a database":
      'import { DatabaseSync } from "node:sqlite"; new DatabaseSync(":memory:").prepare("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c").get();',
    "system calls": 'while (true) try { Deno.statSync("."); } catch { /* Again. */ }',
    "compilation": 'for (let i = 0; ; i++) new Function(`return ${"(x)=>".repeat(50)}${i}`)();',
    "a handler of its own end":
      'addEventListener("unload", () => { while (true); }); addEventListener("error", () => { while (true); });',
  }),
  ...byDeno({
    "four Workers":
      'import { Worker } from "node:worker_threads"; for (let i = 0; i < 4; i++) new Worker("while (true);", { eval: true }); setTimeout(() => {}, 60_000);',
    "a Worker": 'new Worker("data:text/javascript,while(true);", { type: "module" }); setTimeout(() => {}, 60_000);',
    "threads of the runtime":
      'import { pbkdf2 } from "node:crypto"; for (let i = 0; i < 64; i++) pbkdf2("a", "b", 1e7, 64, "sha512", () => {});',
  }),
];

const OTHERS: readonly Attack[] = [
  { name: "a shell's loop", language: "shell", ...COUNTED, steps: [{ shell: "while :; do :; done" }] },
  {
    name: "a shell's children, each a little",
    language: "shell",
    ...COUNTED,
    steps: [{ shell: 'while :; do perl -e "for (1..200000) {}"; done' }],
  },
  {
    name: "a shell's children that nobody waits for",
    language: "shell",
    ...COUNTED,
    ends: ["cpu_limit", "process_limit"],
    steps: [{ shell: `${LOOP_ALONE}; for i in 1 2 3 4; do (loop &) ; done; sleep 60` }],
  },
  {
    name: "a shell that ignores the kernel's warning",
    language: "shell",
    ...COUNTED,
    ends: ["cpu_limit", "signaled"],
    steps: [{ shell: "trap '' XCPU TERM HUP INT; while :; do :; done" }],
  },
  { name: "Python's loop", language: "python", ...COUNTED, code: "while True: pass\n" },
  {
    name: "Python's children",
    language: "python",
    ...COUNTED,
    code: "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        while True: pass\ntime.sleep(60)\n",
  },
  { name: "Node's loop", language: "node", ...COUNTED, code: "while (true);" },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "a program that rests is not ended for it",
    seenBy: "ending",
    limits: { cpuMs: 2_000, timeoutMs: 30_000 },
    ends: ["cpu_limit"],
    code: "setTimeout(() => console.log(1), 500);",
  }]),
  {
    name: "a program in a container is not ended for work below the limit",
    language: "python",
    seenBy: "ending",
    ends: ["cpu_limit"],
    code: "print(sum(range(5_000_000)))",
  },
];

/** Time on the processor, by one thread or many. */
export const CPU_ATTACKS: AttackTable = {
  category: "cpu",
  attacks: [...everywhere(IN_JAVASCRIPT), ...OTHERS],
  controls: CONTROLS,
};

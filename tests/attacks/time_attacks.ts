import { alike, type Attack, type AttackTable, type Control, everywhere } from "./attack.ts";

const HELD = { limits: { timeoutMs: 500 }, ends: ["timed_out"] } as const satisfies Partial<Attack>;

const byDeno = (programs: Readonly<Record<string, string>>): readonly Attack[] =>
  alike(Object.entries(programs).map(([what, code]): Attack => ({ name: `a program that ${what}`, code, ...HELD })));

const IN_JAVASCRIPT: readonly Attack[] = [
  ...byDeno({
    "sleeps": "setTimeout(() => {}, 300_000);",
    "sleeps for longer than a timer can": "setInterval(() => {}, 2 ** 31 - 1); setTimeout(() => {}, 1e15);",
    "waits for a promise that never settles": "setInterval(() => {}, 1e6); await new Promise(() => {});",
    "blocks for ever in Atomics.wait()": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
    "waits in a Worker":
      'new Worker("data:text/javascript,Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);", { type: "module" }); setTimeout(() => {}, 1e6);',
    "reads what never comes":
      "setInterval(() => {}, 1e6); for await (const chunk of Deno.stdin.readable) console.log(chunk);",
    "never finishes to load":
      'await import("data:text/javascript,await new Promise(() => setInterval(() => {}, 1e6))");',
  }),
  ...byDeno({
    "never ends its exit": 'process.on("exit", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));',
  }),
  ...byDeno({
    "ignores every signal":
      'for (const name of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"]) Deno.addSignalListener(name, () => {}); setInterval(() => {}, 1e6);',
    "ignores signals as Node does":
      'for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => {}); process.on("exit", () => { while (true); }); setInterval(() => {}, 1e6);',
  }),
];

const AT_ITS_END: readonly Attack[] = byDeno({
  "does not let its end come":
    'addEventListener("beforeunload", (event) => event.preventDefault()); setTimeout(() => {}, 1e6);',
  "begins again at its end":
    'addEventListener("beforeunload", (event) => { event.preventDefault(); setTimeout(() => {}, 100); });',
  "never ends its end":
    'addEventListener("unload", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));',
});

const OTHERS: readonly Attack[] = [
  { name: "a shell that sleeps", language: "shell", ...HELD, steps: [{ shell: "sleep 300" }] },
  {
    name: "a shell that ignores every signal, with children that do",
    language: "shell",
    ...HELD,
    steps: [{
      shell:
        "trap '' TERM INT HUP QUIT USR1 USR2 PIPE ALRM XCPU; setsid sh -c \"trap '' TERM HUP; while :; do sleep 1; done\" & while :; do sleep 1; done",
    }],
  },
  {
    name: "a shell that stops itself",
    language: "shell",
    ...HELD,
    steps: [{ shell: "kill -STOP $$; sleep 300" }],
  },
  {
    name: "Python that ignores signals",
    language: "python",
    ...HELD,
    code: "import signal, time\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(1)\n",
  },
  {
    name: "Python that stops itself",
    language: "python",
    ...HELD,
    code: "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
  },
  {
    name: "bash that ignores signals and stops its launcher",
    language: "bash",
    ...HELD,
    code: "trap '' TERM INT HUP; kill -STOP $PPID 2>/dev/null; while :; do sleep 1; done",
    ends: ["timed_out", "interrupted"],
  },
  {
    name: "Node that ignores signals",
    language: "node",
    ...HELD,
    code: 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6);',
  },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "a program that is done in time is not timed out",
    seenBy: "ending",
    limits: { timeoutMs: 5_000 },
    ends: ["timed_out"],
    code: "setTimeout(() => console.log(1), 100);",
  }]),
  {
    name: "a program in a container that is done in time is not timed out",
    language: "python",
    seenBy: "ending",
    limits: { timeoutMs: 5_000 },
    ends: ["timed_out"],
    code: "import time; time.sleep(0.1)",
  },
];

/** Time on the wall. */
export const TIME_ATTACKS: AttackTable = {
  category: "time",
  attacks: [...everywhere(IN_JAVASCRIPT), ...AT_ITS_END, ...OTHERS],
  controls: CONTROLS,
};

import { type Attack, type AttackTable, type Control, everywhere } from "./attack.ts";
import type { MachineBounds } from "./machine_counters.ts";

/**
 * How far the machine's counters may grow while several attacks of several tests go on. Each sandbox has 64 terminals
 * at most.
 */
const FEW: MachineBounds = { aioRequests: 2_048, terminals: 400, keys: 200, systemVObjects: 64 };
const BOUNDED = { limits: { timeoutMs: 20_000 }, bounds: { machine: FEW } } as const;

/** More than {@link FEW} allow, and no more than a machine can spare for a moment. */
const TAKEN = { contexts: 16, requests: 1_024, children: 12, terminals: 60, keys: 400 } as const;

const TAKE_AIO = `import ctypes, time
libc = ctypes.CDLL(None, use_errno=True)
for _ in range(${TAKEN.contexts}):
    libc.syscall(206, ${TAKEN.requests}, ctypes.byref(ctypes.c_ulong(0)))
time.sleep(0.5)
print("done")
`;

const TAKE_TERMINALS = `import os, time
for _ in range(${TAKEN.children}):
    if os.fork() == 0:
        try:
            for _ in range(${TAKEN.terminals}): os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
        except OSError: pass
        time.sleep(1)
        os._exit(0)
for _ in range(${TAKEN.children}): os.wait()
print("done")
`;

const TAKE_KEYS = `import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for number in range(${TAKEN.keys}):
    libc.syscall(248, b"user", b"attack%d" % number, b"x", 1, ctypes.c_long(-3))
print("done")
`;

const TAKE_OBJECTS = `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
made = [call for _ in range(100) for call in [(29, 0, 4096, 0o1600), (68, 0, 0o1600), (64, 0, 1, 0o1600)] if libc.syscall(*call) >= 0]
print(len(made))
`;

/** Prints what it may watch of files that every sandbox has. */
const WATCH = `import ctypes, fcntl, os
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.syscall(294, 0)
for path in [b"/usr/bin", b"/etc", b"/usr/lib"]:
    if fd >= 0 and libc.syscall(254, fd, path, 0x20) >= 0: print("watched", path)
own = os.open("leased", os.O_CREAT | os.O_RDWR)
for what, call in {"lease": (own, 1024, fcntl.F_WRLCK), "notice": (os.open("/usr/bin", os.O_RDONLY), 1026, 1)}.items():
    try:
        fcntl.fcntl(*call)
        print("watched", what)
    except OSError as error: print("refused", what, error.errno)
`;

/** Attacks by a program of Python, and by a command line where programs may start others. */
function byPython(attack: Omit<Attack, "code">, code: string): readonly Attack[] {
  return [
    { ...attack, language: "python", code },
    { ...attack, language: "shell", steps: [{ shell: ["python3", "-c", code] }] },
  ];
}

const ATTACKS: readonly Attack[] = [
  ...byPython({ name: "all contexts of AIO", ...BOUNDED, trips: "machine" }, TAKE_AIO),
  ...byPython({ name: "all terminals", ...BOUNDED, trips: "machine" }, TAKE_TERMINALS),
  ...byPython({ name: "all keys of a user", ...BOUNDED }, TAKE_KEYS),
  ...byPython({ name: "objects of System V that outlive it", ...BOUNDED }, TAKE_OBJECTS),
  ...byPython(
    { name: "watches on files that others use", ...BOUNDED, reveals: "watched", trips: "secret" },
    WATCH,
  ),
  ...everywhere<Attack>([{
    name: "a watch on this machine's programs",
    code: `import { watch } from "node:fs";
      for (const path of ["/usr/bin", "/etc"])
        try {
          let failed = false;
          watch(path, () => {}).on("error", (error) => { failed = true; console.log("refused", error.code); });
          setTimeout(() => failed || console.log("begun"), 150);
        } catch (error) { console.log("refused", error.code ?? error.message); }
      setTimeout(() => process.exit(0), 200);`,
    reveals: "begun",
    ends: ["exited", "nothing ran"],
  }]),
];

const OPEN_FILES = { openFiles: 60 } as const;

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "files that a program opens are counted",
    seenBy: "machine",
    bounds: { machine: OPEN_FILES },
    code: `Deno.writeTextFileSync("f", "x");
      const kept = []; for (let i = 0; i < 200; i++) kept.push(Deno.openSync("f"));
      setTimeout(() => console.log(kept.length), 700);`,
  }]),
  {
    name: "terminals that a program takes which nothing holds are counted",
    language: "python",
    seenBy: "machine",
    bounds: { machine: { terminals: 20 } },
    steps: [{ unheld: ["python3", "-c", TAKE_TERMINALS] }],
  },
];

/** What the kernel counts for the whole machine, and what it finds by inode, whatever the namespace. */
export const MACHINE_ATTACKS: AttackTable = { category: "machine", attacks: ATTACKS, controls: CONTROLS };

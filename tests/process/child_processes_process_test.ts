import { assert, assertEquals } from "@std/assert";
import { ChildProcesses } from "../../src/process/child_processes.ts";
import { familyOf, isAlive } from "../../src/process/process_tree.ts";
import { callNumbers } from "../../src/sandbox/seccomp/system_call_numbers.ts";
import { type ConfinedBench, type ConfinedProgram, openConfinedBench } from "../support/confined.ts";
import { layerAvailability } from "../support/layers.ts";
import { isPresent, programAvailability } from "../support/requirements.ts";
import { until } from "../support/until.ts";

/** Processes of this machine whose command line holds a word. */
function withWord(word: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    try {
      return pid > 0 && pid !== Deno.pid && isAlive(pid) &&
        Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes(word);
    } catch {
      return false; // It ended meanwhile, or is a thread of the kernel.
    }
  });
}

/** Processes of a user, with those that have ended and are not reaped. */
function processesOf(uid: number | undefined): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((pid) => {
    try {
      return /^\d+$/.test(pid) && Deno.lstatSync(`/proc/${pid}`).uid === uid;
    } catch {
      return false; // It ended meanwhile.
    }
  });
}

/** Python ends its first thread while another runs, as few programs can. */
const hasPython = isPresent("python3", await programAvailability("/usr/bin/python3"));

/** A word in a script that no other process has. */
function newWord(): string {
  return `word-${crypto.randomUUID()}`;
}

Deno.test("ChildProcesses sees nothing of a process that is gone", () => {
  for (const startsOthers of [true, false]) {
    for (const wrappers of [0, 1, 2]) {
      const processes = new ChildProcesses({ wrappers, startsOthers });
      processes.begin(2 ** 22 - 1);
      const seen = processes.sample();
      if (startsOthers && wrappers === 0) assertEquals(seen?.peakMemoryBytes ?? 0, 0);
      else assertEquals(seen, undefined);
      assertEquals(processes.isOutOfMemory(), false);
    }
  }
});

Deno.test("ChildProcesses finds the program behind as many wrappers as there are, and not before it is there", async () => {
  const script = "sleep 0.3; sh -c 'sh -c \"exec sleep 60\"; :'; :";
  const child = new Deno.Command("/bin/sh", { args: ["-c", script], detached: true }).spawn();
  const processes = new ChildProcesses({ wrappers: 2, startsOthers: true });
  processes.begin(child.pid);
  assertEquals(processes.sample(), undefined);
  await until(() => familyOf(child.pid).length === 3, "all three are there");
  const seen = processes.sample();
  assertEquals([seen?.processes, seen?.isOutOfMemory, seen?.wasRefusedTasks], [1, false, false]);
  processes.signal("SIGTERM");
  await child.status;
  await processes.end();
});

Deno.test("ChildProcesses of a program that starts no others are that one process", async () => {
  const child = new Deno.Command("/bin/sh", { args: ["-c", "sleep 60 & sleep 60 & wait"], detached: true }).spawn();
  await until(() => familyOf(child.pid).length === 3, "all three are there");
  const [one, all] = [false, true].map((startsOthers) => new ChildProcesses({ wrappers: 0, startsOthers }));
  for (const processes of [one, all]) processes?.begin(child.pid);
  assertEquals([one?.sample()?.processes, all?.sample()?.processes], [1, 3]);
  one?.signal("SIGKILL");
  await child.status;
  await one?.end();
});

Deno.test("ChildProcesses reach a child that does not lead its group yet", async () => {
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const child = new Deno.Command("/bin/sleep", { args: ["60"] }).spawn();
    const processes = new ChildProcesses({ wrappers: 0, startsOthers: false });
    processes.begin(child.pid);
    processes.signal(signal);
    assertEquals((await child.status).signal, signal);
  }
});

/** exit(2), which ends one thread, on this machine. */
const EXIT = callNumbers(Deno.build.arch).named.get("exit");
/** A program that starts another one as the leader of a session of its own, where that is allowed. */
const LEAD = 'setsid "$@" 2>/dev/null || exec "$@"';

const COMBINATIONS = [
  { title: "bubblewrap and control groups", without: [], needs: ["bubblewrap", "cgroup"] },
  { title: "bubblewrap", without: ["cgroup"], needs: ["bubblewrap"] },
  { title: "control groups", without: ["namespaces"], needs: ["cgroup"] },
  { title: "Landlock", without: ["namespaces", "cgroup", "tmpfs"], needs: ["landlock"] },
] as const;

for (const { title, without, needs } of COMBINATIONS) {
  const bench = await openConfinedBench(...without);
  Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
  if (needs.every((name) => isPresent(name, layerAvailability(bench.confinement, name)))) testConfined(title, bench);
}

function testConfined(title: string, bench: ConfinedBench): void {
  Deno.writeTextFileSync(`${bench.workspace.source}/lead`, LEAD, { mode: 0o644 });
  const start = async (script: string, options = {}): Promise<ConfinedProgram> => {
    const program = bench.start(["/bin/sh", "-c", script], options);
    await program.read();
    program.processes.sample(); // As the watch on a program does when that may begin: what stands around it is known from then on.
    return program;
  };

  Deno.test(`ChildProcesses [${title}]: a look tells the program's processes and not those around it`, async () => {
    const program = await start("sleep 60 & sleep 60 & echo up; wait");
    const seen = program.processes.sample();
    assertEquals([seen?.processes, seen?.isOutOfMemory, seen?.wasRefusedTasks], [3, false, false]);
    assert((seen?.descriptors ?? 0) >= 3 && (seen?.descriptors ?? 99) < 20, `${seen?.descriptors} descriptors`);
    assert((seen?.peakMemoryBytes ?? Infinity) < 50_000_000, `${seen?.peakMemoryBytes} bytes`);
    program.processes.signal("SIGKILL");
    await program.end();
    assertEquals(program.processes.sample(), undefined);
  });

  Deno.test(`ChildProcesses [${title}]: memory and CPU time are those of all of them`, async () => {
    const program = await start(
      "for i in 1 2; do (x=$(head -c 20000000 /dev/zero | tr '\\0' x); while :; do :; done) & done; echo up; wait",
    );
    await until(() => {
      const seen = program.processes.sample();
      return (seen?.peakMemoryBytes ?? 0) > 35_000_000 && (seen?.cpuMs ?? 0) > 100;
    }, "both count");
    program.processes.signal("SIGKILL");
    await program.end();
  });

  Deno.test(`ChildProcesses [${title}]: SIGTERM reaches the program and what it started, and nothing around it`, async () => {
    const program = await start(
      "sh -c 'trap \"echo child; exit\" TERM; echo up >&2; while :; do sleep 0.01; done' & trap 'wait; echo bye; exit 7' TERM; sleep 0.2; echo up; while :; do sleep 0.01; done",
    );
    program.processes.signal("SIGTERM");
    const { stdout, status } = await program.end();
    assertEquals([stdout, status.code, status.signal], ["child\nbye\n", 7, null]);
  });

  Deno.test(`ChildProcesses [${title}]: SIGTERM ends a program that has no handler by that signal`, async () => {
    const program = await start("echo up; exec sleep 60");
    program.processes.signal("SIGTERM");
    assertEquals((await program.end()).status.signal, "SIGTERM");
  });

  Deno.test(`ChildProcesses [${title}]: SIGKILL ends everything, in whatever session and deaf to SIGTERM`, async () => {
    const word = newWord();
    const program = await start(
      `trap '' TERM; sh lead sh -c 'trap "" TERM; (sleep 60; : ${word}) & sleep 60; : ${word}' & sleep 0.2; echo up; sleep 60; : ${word}`,
    );
    assert(withWord(word).length >= 3, `${withWord(word)}`);
    program.processes.signal("SIGKILL");
    await program.end();
    assertEquals(withWord(word), []);
  });

  Deno.test(`ChildProcesses [${title}]: what a program leaves behind in another session ends with it`, async () => {
    const word = newWord();
    const program = await start(
      `sh lead sh -c '(sleep 60; : ${word}) & sleep 60; : ${word}' >/dev/null 2>&1 & sleep 0.2; echo up; sleep 0.3; exit 3`,
    );
    const { status } = await program.end();
    assertEquals([status.code, withWord(word)], [3, []]);
  });

  Deno.test(`ChildProcesses [${title}]: a double fork away from its parents is still the program's`, async () => {
    const word = newWord();
    const program = await start(
      `sh -c 'sh lead sh -c "(sleep 60; : ${word}) & sleep 60; : ${word}" & exit' & sleep 0.3; echo up; sleep 60`,
    );
    assert((program.processes.sample()?.processes ?? 0) >= 5, JSON.stringify(program.processes.sample()));
    program.processes.signal("SIGKILL");
    await program.end();
    assertEquals(withWord(word), []);
  });

  if (hasPython) {
    Deno.test(`ChildProcesses [${title}]: memory and files of a process whose first thread has ended are its own`, async () => {
      const holds = `import ctypes, threading, time
held = b"x" * 40_000_000
files = [open("/dev/null") for _ in range(40)]
threading.Thread(target=time.sleep, args=(60,)).start()
print("up", flush=True)
ctypes.CDLL(None).syscall(${EXIT}, 0)`;
      const program = bench.start(["/usr/bin/python3", "-c", holds]);
      await program.read();
      program.processes.sample();
      await until(() => {
        const { descriptors = 0, peakMemoryBytes } = program.processes.sample() ?? {};
        return descriptors > 40 && (peakMemoryBytes ?? 0) > 40_000_000 &&
          familyOf(program.pid).some((pid) => !isAlive(pid));
      }, "the thread has ended, and both count");
      program.processes.signal("SIGKILL");
      await program.end();
    });
  }

  Deno.test(`ChildProcesses [${title}]: signals to what has ended are no fault`, async () => {
    const program = await start("echo up; exit 0");
    await program.end();
    for (const signal of ["SIGTERM", "SIGKILL", "SIGINT"] as const) program.processes.signal(signal);
    await program.processes.end();
  });

  if (!bench.confinement.canMount) {
    Deno.test(`ChildProcesses [${title}]: a bomb that forks while it is killed leaves nothing`, async () => {
      const program = await start("trap '' TERM; echo up; exec perl -e '$SIG{CHLD} = \"IGNORE\"; fork while 1'", {
        limits: { maxProcesses: 32 },
      });
      await until(() => (program.processes.sample()?.processes ?? 0) > 16, "it forks");
      program.processes.signal("SIGKILL");
      await program.end();
      assertEquals(processesOf(bench.directory.uid), []);
    });
  }

  if (bench.confinement.layers.includes("cgroup")) {
    Deno.test(`ChildProcesses [${title}]: no more memory, and no more processes, are told as the kernel counts them`, async () => {
      const bomb = await start("echo up; (for i in $(seq 400); do sleep 60 & done); exec sleep 60", {
        limits: { maxProcesses: 2 },
      });
      await until(() => bomb.processes.sample()?.wasRefusedTasks === true, "the kernel refused one");
      bomb.processes.signal("SIGKILL");
      await bomb.end();
      const memory = await start("echo up; exec perl -e '$x = \"x\" x 300_000_000; sleep 60'", {
        limits: { memoryMb: 32 },
        reservedDataBytes: 2_000_000_000,
      });
      await until(() => memory.processes.isOutOfMemory(), "the kernel killed it");
      await memory.end();
    });
  }
}

Deno.test("ChildProcesses.unlinkedBytes() counts each open file that has no name once, whoever has it open", async () => {
  const directory = await Deno.makeTempDir();
  const script =
    "exec 3>gone 4>kept; rm gone; head -c 1000000 /dev/zero >&3; head -c 1000000 /dev/zero >&4; sleep 60 & wait";
  const child = new Deno.Command("/bin/sh", { args: ["-c", script], cwd: directory, detached: true }).spawn();
  await until(() => familyOf(child.pid).length === 2, "both are there");
  for (const startsOthers of [false, true]) {
    const processes = new ChildProcesses({ wrappers: 0, startsOthers });
    processes.begin(child.pid);
    await until(() => processes.unlinkedBytes() >= 1_000_000, "it is written");
    assert(processes.unlinkedBytes() < 1_500_000);
    if (startsOthers) processes.signal("SIGKILL");
  }
  await child.status;
  await Deno.remove(directory, { recursive: true });
});

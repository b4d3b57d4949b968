import { assertEquals, assertMatch } from "@std/assert";
import { dirname } from "@std/path";
import type { Availability } from "../../../../src/core/capabilities.ts";
import { PYTHON_INTERPRETER } from "../../../../src/runtimes/interpreters/python/python_interpreter.ts";
import type { ProgramHandle } from "../../../../src/runtimes/port.ts";
import { mergeOutput } from "../../../../src/process/merge_output.ts";
import { pipeSource } from "../../../../src/process/child_output.ts";
import { isPresent } from "../../../support/requirements.ts";
import { type CellHost, ENDLESS_MATCH, SOON_MS, testCells, withContext } from "./cell_checks.ts";

/** The interpreter as an unconfined process of this machine, whose cells a thread interrupts. */
const THREADS: CellHost = {
  title: "interpreter.py",
  async withHandle(test, files = {}) {
    const cwd = await Deno.makeTempDir();
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(`${cwd}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${cwd}/${path}`, text);
    }
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    const process = new Deno.Command("python3", { args: ["-c", PYTHON_INTERPRETER], cwd, ...pipes }).spawn();
    const outcome: ProgramHandle["outcome"] = process.status.then(({ code, signal }) =>
      signal === null ? { kind: "exited", exitCode: code } : { kind: "signaled", signal }
    );
    await test({
      stdin: process.stdin,
      output: mergeOutput([pipeSource("stdout", process.stdout), pipeSource("stderr", process.stderr)], outcome),
      outcome,
      usage: () => ({ cpuMs: null, peakMemoryBytes: null }),
      kill(signal) {
        try {
          process.kill(signal);
        } catch {
          // It has ended already.
        }
      },
    });
    await Deno.remove(cwd, { recursive: true });
  },
};

if (isPresent("python3", await availability())) {
  testCells(THREADS);

  // WebAssembly's stack is smaller: there such a value ends the process.
  Deno.test("[interpreter.py] a value that is nested too deeply for JSON is a bundle", () =>
    withContext(THREADS, async (run) => {
      assertEquals((await run("deep = []\nfor _ in range(10000): deep = [deep]\ndeep")).valueType, "mime");
    }));

  Deno.test("[interpreter.py] displays come whole from threads, also between two cells", () =>
    withContext(THREADS, async (run) => {
      const threads =
        "import threading\nthreads = [threading.Thread(target=lambda: [display('x' * 20000) for _ in range(20)]) " +
        "for _ in range(4)]\nfor t in threads: t.start()\nfor t in threads: t.join()";
      const many = await run(threads);
      assertEquals([many.displays?.length, many.contextLost], [80, undefined]);
      const between =
        "import time\ndef later(): time.sleep(0.2); display('between')\nthreading.Thread(target=later).start()";
      assertEquals((await run(between)).displays, []);
      assertEquals((await run("time.sleep(0.5)")).displays, [{ "text/plain": "'between'" }]);
    }));

  Deno.test("[interpreter.py] a long result arrives whole while a thread and a process print to the same pipes", () =>
    withContext(THREADS, async (run) => {
      await run(`import os, subprocess, sys, threading, time
def work():
  while True:
    os.write(1, b'thread\\n' * 1000); os.write(2, b'thread\\n'); time.sleep(.001)
threading.Thread(target=work, daemon=True).start()
process = subprocess.Popen(['sh', '-c', 'while :; do echo process; done'])`);
      let printed = "";
      for (const length of [4_050, 4_060, 70_000, 1_000_000]) {
        const { contextLost, stdout, value } = await run(`'x' * ${length}`);
        assertEquals([contextLost, value === "x".repeat(length)], [undefined, true]);
        printed += stdout;
      }
      // The pipe may divide what is longer than PIPE_BUF, so a word of one stands within the other's.
      assertEquals([printed.includes("process"), printed.includes("thread")], [true, true]);
      await run("process.kill()");
    }));

  Deno.test("[interpreter.py] a long result arrives whole through pipes that the program made non-blocking", () =>
    withContext(THREADS, async (run) => {
      await run("import os\nfor stream in 1, 2: os.set_blocking(stream, False)");
      assertEquals((await run("'x' * 3_000_000")).value, "x".repeat(3_000_000));
    }));

  Deno.test("[interpreter.py] a command prints into its cell as it runs, takes variables, and leaves its exit code", () =>
    withContext(THREADS, async (run) => {
      const { stdout, value } = await run("word = 'a b'\n!echo $word {len(word)} '$word'; exit 3\n_exit_code");
      assertEquals([stdout, value], ["a b 3 $word\n", 3]);
      assertEquals((await run("!echo $word | awk '{print $2}'")).stdout, "b\n");
      assertEquals((await run("lines = !printf 'x\\ny\\n'\n[list(lines), lines.s, lines.n]")).value, [
        ["x", "y"],
        "x y",
        "x\ny",
      ]);
      const script = await run("%%bash --out kept\necho to the variable");
      assertEquals([script.stdout, (await run("kept")).value], ["", "to the variable\n"]);
      assertMatch((await run("%%sh\necho seen; echo bad >&2; exit 4")).error?.message ?? "", /exit status 4/);
    }));

  Deno.test("[interpreter.py] a command that floods a variable ends, and its cell fails", () =>
    withContext(THREADS, async (run) => {
      for (const code of ["x = !yes", "%%bash --out x\nyes", "%%capture x\n!yes"]) {
        assertMatch((await run(code)).error?.message ?? code, /more than a variable takes/);
      }
      assertEquals((await run("x = !seq 100000\nlen(x)")).value, 100_000);
      const fed = await run("%%script --out kept sh -c 'wc -c; echo bad >&2'\n" + "x".repeat(200_000));
      assertEquals([fed.stdout, (await run("int(kept)")).value], ["", 200_000]);
    }));

  Deno.test("[interpreter.py] bytes of a command that are no text become marks, and one with NUL or an open quote fails", () =>
    withContext(THREADS, async (run) => {
      assertEquals((await run("x = !printf '\\377\\nx'\n[*x]")).value, ["\ufffd", "x"]);
      assertMatch((await run("!echo a\0b")).error?.message ?? "", /null byte/);
      assertMatch((await run("!echo \udc80")).error?.name ?? "", /Unicode/);
      assertMatch((await run("%%bash --out 'a\necho")).error?.message ?? "", /no closing quotation/);
      assertEquals((await run("import os\nos.mkdir('a b')\n%cd -q a b\nos.path.basename(os.getcwd())")).value, "a b");
      assertMatch((await run("%cd a\0b")).stdout, /null/);
    }));

  /** The living processes of a group, which its fifth field in proc_pid_stat(5) names. */
  const GROUP_MEMBERS = `import glob
def members(group):
    found = []
    for path in glob.glob('/proc/[0-9]*/stat'):
        try:
            state, _, of = open(path).read().rsplit(')', 1)[1].split()[:3]
        except OSError:
            continue  # It ended meanwhile.
        if of == group and state not in 'ZX':
            found.append(path)
    return found`;

  Deno.test("[interpreter.py] an interrupted command ends with all that it started, and the context lives", () =>
    withContext(THREADS, async (run) => {
      const command = "!echo $$ > pid; sleep 1000 & wait; sleep 1000";
      const { contextLost, outcome } = await run(command, SOON_MS);
      assertEquals([outcome.kind, contextLost], ["timed_out", undefined]);
      const left = await run(
        `${GROUP_MEMBERS}\nlen(members(open('pid').read().strip()))`,
      );
      assertEquals(left.value, 0);
    }));

  Deno.test("[interpreter.py] a package that is there needs no installation", () =>
    withContext(THREADS, async (run) => {
      await run(
        "import os\nos.makedirs('mine-1.2.dist-info')\n" +
          "open('mine-1.2.dist-info/METADATA', 'w').write('Metadata-Version: 2.1\\nName: mine\\nVersion: 1.2\\n')",
      );
      const { stdout } = await run("!pip install mine");
      assertMatch(stdout, /^Requirement already satisfied: mine in .* \(1\.2\)\n$/);
    }));

  Deno.test("[interpreter.py] a program can use the alarm timer itself", () =>
    withContext(THREADS, async (run) => {
      const beginning =
        "import signal, time\ndef ring(*_): raise TimeoutError('rung')\nsignal.signal(signal.SIGALRM, ring)";
      assertMatch((await run(`${beginning}\nsignal.alarm(1)\ntime.sleep(10)`)).stderr, /TimeoutError: rung\n$/);
      assertEquals((await run("signal.alarm(60)")).value, 0);
      assertEquals((await run("while True: pass", SOON_MS)).outcome.kind, "timed_out");
      assertEquals((await run("signal.alarm(0) > 50")).value, true);
      await run("signal.signal(signal.SIGALRM, signal.SIG_DFL)");
      assertEquals((await run(ENDLESS_MATCH, SOON_MS)).contextLost, undefined);
    }));
}

async function availability(): Promise<Availability> {
  try {
    await new Deno.Command("python3", { args: ["-c", "import select"], stdout: "null", stderr: "null" }).output();
    return { available: true };
  } catch {
    return { available: false, reason: "python3 is not installed" };
  }
}

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { ProgramUsage } from "../../src/core/execution.ts";
import { ProcessWatch } from "../../src/system/process_watch.ts";

const MEBIBYTE = 1_048_576;

/** Takes some memory, and then the processor. */
const SPIN = "x=$(head -c 4000000 /dev/zero | tr '\\0' x); echo ready; while :; do :; done";

const ON_LINUX = { ignore: Deno.build.os !== "linux" };

interface Spinner extends AsyncDisposable {
  readonly pid: number;
  readonly said: string;
  readonly status: Promise<Deno.CommandStatus>;
  kill(signal: Deno.Signal): void;
}

/** A shell that spins, or does what `script` says, once it has said something. */
async function spin({ file = "/bin/sh", script = SPIN } = {}): Promise<Spinner> {
  const child = new Deno.Command(file, { args: ["-c", script], stdin: "null", stdout: "piped", stderr: "null" })
    .spawn();
  const reader = child.stdout.getReader();
  const said = new TextDecoder().decode((await reader.read()).value);
  return {
    said,
    pid: child.pid,
    status: child.status,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      const isOver = reader.cancel();
      try {
        child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // It has ended already.
      }
      await Promise.all([isOver, child.status]);
    },
  };
}

/** A watch that stops with its scope. */
function watchOf(
  pid: number,
  onLook: (usage: ProgramUsage) => void = () => {},
): Disposable & { readonly watch: ProcessWatch } {
  const watch = new ProcessWatch(pid, onLook);
  return { watch, [Symbol.dispose]: () => watch.stop() };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 500; tries++) await sleep(10);
  assert(condition(), `still not: ${condition}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What a process of a known name has used, in ms, read without a guess where its name ends. */
function readCpuMs({ pid, name }: { readonly pid: number; readonly name: string }): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const prefix = `${pid} (${name}) `;
  assertEquals(stat.slice(0, prefix.length), prefix);
  const fields = stat.slice(prefix.length).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The memory of a process that no file stands for, as the kernel itself sums it up. */
function readPrivateBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) * 1024;
}

Deno.test("ProcessWatch has seen nothing before it starts", () => {
  const looks: ProgramUsage[] = [];
  using watched = watchOf(Deno.pid, (usage) => looks.push(usage));
  assertEquals([watched.watch.usage, looks], [{ cpuMs: null, peakMemoryBytes: null }, []]);
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch sees the CPU time and the memory of a spinning process at its first look",
  async fn() {
    await using spinner = await spin();
    await until(() => readCpuMs({ pid: spinner.pid, name: "sh" }) >= 50);
    const looks: ProgramUsage[] = [];
    using watched = watchOf(spinner.pid, (usage) => looks.push(usage));
    watched.watch.start();
    await until(() => looks.length > 0);
    const { cpuMs, peakMemoryBytes } = looks[0] ?? { cpuMs: null, peakMemoryBytes: null };
    assert(cpuMs !== null && cpuMs >= 50, `${cpuMs} ms`);
    assert(peakMemoryBytes !== null && peakMemoryBytes >= 3 * MEBIBYTE, `${peakMemoryBytes} bytes`);
    const difference = Math.abs(peakMemoryBytes - readPrivateBytes(spinner.pid));
    assert(difference <= MEBIBYTE / 4, `${peakMemoryBytes} bytes, off by ${difference}`);
  },
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch looks again and again, and its usage never falls",
  async fn() {
    await using spinner = await spin();
    const looks: ProgramUsage[] = [];
    using watched = watchOf(spinner.pid, (usage) => looks.push(usage));
    watched.watch.start();
    await until(() => (watched.watch.usage.cpuMs ?? 0) >= 100 && looks.length >= 5);
    watched.watch.stop();
    for (const figure of ["cpuMs", "peakMemoryBytes"] as const) {
      const seen = looks.map((usage) => usage[figure] ?? 0);
      assertEquals(seen, seen.toSorted((a, b) => a - b));
    }
    assertEquals(looks.at(-1), watched.watch.usage);
  },
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch keeps what it has seen when the process is gone",
  async fn() {
    await using spinner = await spin();
    using watched = watchOf(spinner.pid);
    watched.watch.start();
    await until(() => (watched.watch.usage.cpuMs ?? 0) >= 50 && (watched.watch.usage.peakMemoryBytes ?? 0) > 0);
    spinner.kill("SIGKILL");
    await spinner.status;
    const { usage } = watched.watch;
    await sleep(80);
    assertEquals(watched.watch.usage, usage);
  },
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch tells no memory of a process that has ended and waits to be reaped",
  async fn() {
    await using parent = await spin({ script: "sleep 0 & echo $!; exec sleep 60" });
    const zombie = Number(parent.said);
    await until(() => / Z /.test(Deno.readTextFileSync(`/proc/${zombie}/stat`)));
    const looks: ProgramUsage[] = [];
    using watched = watchOf(zombie, (usage) => looks.push(usage));
    watched.watch.start();
    await until(() => looks.length > 0);
    assertEquals(watched.watch.usage.peakMemoryBytes, null);
  },
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch.stop() stops it, before its first look and after any",
  async fn() {
    let looks = 0;
    using never = watchOf(Deno.pid, () => looks++);
    never.watch.start();
    never.watch.stop();
    await sleep(80);
    assertEquals(looks, 0);

    using once: Disposable & { readonly watch: ProcessWatch } = watchOf(Deno.pid, () => {
      looks++;
      once.watch.stop();
    });
    once.watch.start();
    await sleep(80);
    assertEquals(looks, 1);
    once.watch.stop();
  },
});

Deno.test("ProcessWatch sees nothing of a process that is gone, and that is no fault", async () => {
  const child = new Deno.Command("/bin/sh", { args: ["-c", ":"], stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  await child.status;
  let looks = 0;
  const watch = new ProcessWatch(child.pid, () => looks++);
  watch.start();
  await sleep(80);
  assertEquals([watch.usage, looks], [{ cpuMs: null, peakMemoryBytes: null }, 0]);
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch reads past a process name with spaces and parentheses",
  async fn() {
    const directory = await Deno.makeTempDir();
    try {
      for (const name of ["a b", "a) R 1 (2", ") ) 9 9", "((", "12) (3"]) {
        const file = join(directory, name);
        await Deno.symlink("/bin/sh", file);
        await using spinner = await spin({ file });
        using watched = watchOf(spinner.pid);
        await until(() => readCpuMs({ pid: spinner.pid, name }) >= 30);
        spinner.kill("SIGSTOP");
        await until(() => / T /.test(Deno.readTextFileSync(`/proc/${spinner.pid}/stat`)));
        watched.watch.start();
        await until(() => watched.watch.usage.cpuMs !== null);
        assertEquals([name, watched.watch.usage.cpuMs], [name, readCpuMs({ pid: spinner.pid, name })]);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

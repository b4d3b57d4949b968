import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { ChildProcesses, type UsageSample } from "../../src/process/child_processes.ts";
import { ProcessWatch } from "../../src/process/process_watch.ts";

const MEBIBYTE = 1_048_576;

const NO_SAMPLE = {
  cpuMs: null,
  peakMemoryBytes: null,
  processes: 0,
  descriptors: 0,
  isOutOfMemory: false,
  wasRefusedTasks: false,
};

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

/** A watch on one process, that stops with its scope. */
function watchOf(
  pid: number,
  onSample: (seen: UsageSample) => void = () => {},
): Disposable & { readonly watch: ProcessWatch } {
  const processes = new ChildProcesses({ wrappers: 0, startsOthers: false });
  processes.begin(pid);
  const watch = new ProcessWatch(() => processes.sample(), onSample);
  return { watch, [Symbol.dispose]: () => watch.stop() };
}

/** What a look may find. */
function sample(parts: Partial<UsageSample> = {}): UsageSample {
  return {
    cpuMs: 0,
    peakMemoryBytes: 1,
    processes: 1,
    descriptors: 3,
    isOutOfMemory: false,
    wasRefusedTasks: false,
    ...parts,
  };
}

/** A watch that finds what a test says, nothing where that is undefined, and is stopped when that is all. */
async function watchFinds(
  found: readonly (UsageSample | undefined)[],
): Promise<{ readonly seen: UsageSample; readonly told: readonly UsageSample[] }> {
  const left = [...found];
  const told: UsageSample[] = [];
  const isOver = Promise.withResolvers<void>();
  const watch = new ProcessWatch(() => {
    if (left.length === 0) isOver.resolve();
    return left.shift();
  }, (seen) => void told.push(seen));
  watch.start();
  await isOver.promise;
  watch.stop();
  return { seen: watch.seen, told };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 500; tries++) await sleep(10);
  assert(condition(), `still not: ${condition}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What a process of a known name and its ended children have used, in ms, read without a guess where its name ends. */
function readCpuMs({ pid, name }: { readonly pid: number; readonly name: string }): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const prefix = `${pid} (${name}) `;
  assertEquals(stat.slice(0, prefix.length), prefix);
  const fields = stat.slice(prefix.length).split(" ");
  return fields.slice(11, 15).reduce((total, ticks) => total + Number(ticks), 0) * 10;
}

/** The memory of a process that no file stands for, as the kernel itself sums it up. */
function readPrivateBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) * 1024;
}

Deno.test("ProcessWatch has seen nothing before it starts", () => {
  const looks: UsageSample[] = [];
  using watched = watchOf(Deno.pid, (seen) => looks.push(seen));
  assertEquals([watched.watch.seen, looks], [NO_SAMPLE, []]);
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch sees the CPU time and the memory of a spinning process at its first look",
  async fn() {
    await using spinner = await spin();
    await until(() => readCpuMs({ pid: spinner.pid, name: "sh" }) >= 50);
    const looks: UsageSample[] = [];
    using watched = watchOf(spinner.pid, (seen) => looks.push(seen));
    watched.watch.start();
    await until(() => looks.length > 0);
    const { cpuMs, peakMemoryBytes, processes } = looks[0] ?? NO_SAMPLE;
    assertEquals(processes, 1);
    assert(cpuMs !== null && cpuMs >= 50, `${cpuMs} ms`);
    assert(peakMemoryBytes !== null && peakMemoryBytes >= 3 * MEBIBYTE, `${peakMemoryBytes} bytes`);
    const difference = Math.abs(peakMemoryBytes - readPrivateBytes(spinner.pid));
    assert(difference <= MEBIBYTE / 4, `${peakMemoryBytes} bytes, off by ${difference}`);
  },
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch looks again and again, and what it has seen never falls",
  async fn() {
    await using spinner = await spin();
    const looks: UsageSample[] = [];
    using watched = watchOf(spinner.pid, (seen) => looks.push(seen));
    watched.watch.start();
    await until(() => (watched.watch.seen.cpuMs ?? 0) >= 100 && looks.length >= 5);
    watched.watch.stop();
    for (const figure of ["cpuMs", "peakMemoryBytes"] as const) {
      const seen = looks.map((look) => look[figure] ?? 0);
      assertEquals(seen, seen.toSorted((a, b) => a - b));
    }
    assertEquals(looks.at(-1), watched.watch.seen);
  },
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch keeps what it has seen when the process is gone",
  async fn() {
    await using spinner = await spin();
    using watched = watchOf(spinner.pid);
    watched.watch.start();
    await until(() => (watched.watch.seen.cpuMs ?? 0) >= 50 && (watched.watch.seen.peakMemoryBytes ?? 0) > 0);
    spinner.kill("SIGKILL");
    await spinner.status;
    const { seen } = watched.watch;
    await sleep(80);
    assertEquals(watched.watch.seen, seen);
  },
});

Deno.test({
  ...ON_LINUX,
  name: "ProcessWatch tells no memory of a process that has ended and waits to be reaped",
  async fn() {
    await using parent = await spin({ script: "sleep 0.5 & echo $!; exec sleep 60" }); // A shell might reap it.
    const zombie = Number(parent.said);
    await until(() => / Z /.test(Deno.readTextFileSync(`/proc/${zombie}/stat`)));
    const looks: UsageSample[] = [];
    using watched = watchOf(zombie, (seen) => looks.push(seen));
    watched.watch.start();
    await until(() => looks.length > 0);
    assertEquals(watched.watch.seen.peakMemoryBytes, null);
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
  using watched = watchOf(child.pid, () => looks++);
  watched.watch.start();
  await sleep(80);
  assertEquals([watched.watch.seen, looks], [NO_SAMPLE, 0]);
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
        await until(() => watched.watch.seen.cpuMs === readCpuMs({ pid: spinner.pid, name }));
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test("ProcessWatch keeps the highest of each figure, and whatever the kernel once told", async () => {
  const { seen, told } = await watchFinds([
    sample({ cpuMs: 10, peakMemoryBytes: 500, processes: 1, descriptors: 9 }),
    sample({ cpuMs: 30, peakMemoryBytes: 100, processes: 7, descriptors: 4, isOutOfMemory: true }),
    sample({ cpuMs: 20, peakMemoryBytes: 300, processes: 3, descriptors: 5, wasRefusedTasks: true }),
    sample({ cpuMs: null, peakMemoryBytes: null }),
  ]);
  const highest = { cpuMs: 30, peakMemoryBytes: 500, processes: 7, descriptors: 9 };
  assertEquals(seen, { ...highest, isOutOfMemory: true, wasRefusedTasks: true });
  assertEquals(told, [{ ...highest, isOutOfMemory: true, wasRefusedTasks: false }, seen, seen]);
});

Deno.test("ProcessWatch takes no memory at all for memory that nobody has told yet", async () => {
  assertEquals((await watchFinds([sample({ peakMemoryBytes: 0 })])).seen.peakMemoryBytes, null);
  const { seen } = await watchFinds([sample({ peakMemoryBytes: 5 }), sample({ peakMemoryBytes: 0 })]);
  assertEquals(seen.peakMemoryBytes, 5);
});

Deno.test("ProcessWatch looks on when a look finds nothing, and tells nobody of that look", async () => {
  const { seen, told } = await watchFinds([undefined, sample({ processes: 7 }), undefined, sample({ processes: 9 })]);
  assertEquals(told.map(({ processes }) => processes), [7, 9]);
  assertEquals(seen.processes, 9);
});

Deno.test("ProcessWatch rests where processes use no CPU time and may rest, but never while they work", async () => {
  let cpuMs = 1;
  const [busy, idle, woken] = [false, true, true].map((mayRest) =>
    new ProcessWatch(() => sample({ cpuMs }), () => {}, { mayRest })
  );
  assert(busy !== undefined && idle !== undefined && woken !== undefined);
  for (const watch of [busy, idle, woken]) watch.start();
  await until(() => idle.isResting && woken.isResting);
  assertEquals(busy.isResting, false);
  cpuMs++;
  woken.beginWork();
  assertEquals([woken.isResting, woken.seen.cpuMs], [false, 1]);
  const asleep = { idle: 0, woken: 0 };
  await until(() => {
    if (idle.isResting) asleep.idle++;
    if (woken.isResting) asleep.woken++;
    return idle.seen.cpuMs === 2 && woken.seen.cpuMs === 2 && asleep.idle > 5;
  });
  assertEquals(asleep.woken, 0);
  woken.endWork();
  await until(() => woken.isResting);
  for (const watch of [busy, idle, woken]) watch.stop();
  woken.beginWork(); // Starts nothing: the sanitizer would find its timer.
});

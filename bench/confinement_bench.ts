import { join } from "@std/path";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import { SystemCalls } from "../src/host/system_calls.ts";
import type { LoadedRuntime } from "../src/runtimes/port.ts";
import type { LayerName } from "../src/sandbox/layers.ts";
import { configureEnvironment } from "../tests/support/configure_environment.ts";
import { openRuntimeHost } from "../tests/support/runtime_host.ts";
import { type BenchSubject, benchSubjects } from "./subjects.ts";
import { median, printTable } from "./table.ts";

/** Contenders take turns in blocks, so that each is warmed up and drift of the machine affects all. */
const BLOCKS = 12;
const BLOCK_SIZE = 10;

/** A combination of layers. */
interface Contender {
  readonly name: string;
  readonly without: readonly LayerName[];
  /** Mounts that the machine has more; absent, none. */
  readonly moreMounts?: number;
}

/** The combinations of layers, from flags alone to all that this machine has. */
const CONTENDERS: readonly Contender[] = [
  {
    name: "none of them",
    without: ["namespaces", "landlock", "seccomp", "no_new_privs", "own_user", "rlimits", "cgroup", "tmpfs"],
  },
  { name: "neither namespaces nor Landlock", without: ["namespaces", "landlock"] },
  { name: "Landlock, seccomp, own user, cgroup, tmpfs", without: ["namespaces"] },
  { name: "bubblewrap, seccomp, own user, cgroup, tmpfs (bound: 12 ms more)", without: [] },
  { name: "the same, with 130 more mounts of the machine (bound: as many)", without: [], moreMounts: 130 },
];

/** Measures the cost of the OS layers in the whole life of a cold program: directory, process, removal. */
export async function benchConfinement(): Promise<void> {
  for (const subject of await benchSubjects()) {
    const { usesHostLayers } = await subject.entry.loadTestSubjects();
    if (usesHostLayers) await benchLayers(subject);
  }
}

async function benchLayers(subject: BenchSubject): Promise<void> {
  const { create } = await subject.entry.load();
  await using stack = new AsyncDisposableStack();
  const runtimes: LoadedRuntime[] = [];
  for (const { without } of CONTENDERS) {
    const runtime = stack.use(create(stack.use(await openRuntimeHost({ without }))));
    await runtime.isAvailable();
    runtimes.push(runtime);
  }
  const samples = CONTENDERS.map((): number[] => []);
  for (let block = 0; block < BLOCKS; block++) {
    for (const [index, runtime] of runtimes.entries()) {
      await using _mounts = await makeMounts(CONTENDERS[index]?.moreMounts ?? 0);
      await timeLife(runtime, subject);
      for (let turn = 0; turn < BLOCK_SIZE; turn++) samples[index]?.push(await timeLife(runtime, subject));
    }
  }
  const [least = 0] = samples.map(median);
  printTable(
    `${subject.entry.name}: cost of confinement for a cold program`,
    ["layers", "p50", "more"],
    CONTENDERS.map(({ name }, index) => {
      const p50 = median(samples[index] ?? []);
      return { name, cells: [`${p50.toFixed(1)} ms`, `${(p50 - least).toFixed(1)} ms`] };
    }),
  );
}

/** Makes mounts, until disposed of. A service that may not mount makes none. */
async function makeMounts(count: number): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const calls = stack.use(SystemCalls.open());
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  for (let index = 0; index < count; index++) {
    const place = join(directory, String(index));
    await Deno.mkdir(place);
    calls?.mountTmpfs(place, "size=4k");
    stack.defer(async () => void await calls?.unmount(place));
  }
  return stack.move();
}

async function timeLife(runtime: LoadedRuntime, { language, program }: BenchSubject): Promise<number> {
  const startedAt = performance.now();
  await using environment = await runtime.createEnvironment(configureEnvironment(language, { singleUse: true }));
  const path = environment.mainFile();
  await environment.files.write(path, program);
  const handle = await environment.run({ kind: "file", path, args: [] }, {
    env: {},
    limits: DEFAULT_LIMITS,
  });
  for await (const _ of handle.output);
  const outcome = await handle.outcome;
  if (outcome.kind !== "exited" || outcome.exitCode !== 0) throw new Error(`It ended with ${JSON.stringify(outcome)}`);
  await environment[Symbol.asyncDispose]();
  return performance.now() - startedAt;
}

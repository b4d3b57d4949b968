import { delay } from "../src/concurrency/delay.ts";
import { DEFAULT_LIMITS } from "../src/core/limits.ts";
import type { ExecutionEnvironment, ExecutionRuntime } from "../src/runtimes/port.ts";
import { configureEnvironment } from "../tests/support/configure_environment.ts";
import { EAGER_POOL } from "../tests/support/eager_pool.ts";
import { testedAvailability } from "../tests/support/requirements.ts";
import { openRuntimeHost } from "../tests/support/runtime_host.ts";
import { type BenchSubject, benchSubjects } from "./subjects.ts";
import { median, printTable, type Row } from "./table.ts";
import { runtimeOf } from "../tests/support/runtime_of.ts";

/** Rounds of a runtime that starts within {@link FAST_START_MS}, and of a slower one. */
const ROUNDS = { fast: 40, slow: 12 } as const;
const FAST_START_MS = 500;
/** Pause of a client between two programs of a session, in ms. */
const THOUGHT_MS = 300;

/** Times until the answer, and until the environment is removed, in ms. */
interface Life {
  readonly answerMs: number;
  readonly goneMs: number;
}

/** Measures each optimisation on each runtime: the same work with it and without it. */
export async function benchOptimisations(): Promise<void> {
  const rows: Row[] = [];
  for (const subject of await benchSubjects()) rows.push(...await rowsOf(subject));
  printTable("Gain of each optimisation", ["optimisation", "without, p50", "with, p50"], rows);
}

async function rowsOf(subject: BenchSubject): Promise<Row[]> {
  await using coldHost = await openRuntimeHost();
  await using warmHost = await openRuntimeHost({ pool: EAGER_POOL });
  const { entry, entry: { name } } = subject;
  await using cold = runtimeOf(entry, coldHost);
  await using warm = runtimeOf(entry, warmHost);
  for (const runtime of [cold, warm]) {
    const { available } = await testedAvailability(runtime, subject.language);
    if (!available) return [{ name: `${name}: unavailable`, cells: ["-", "-"] }];
  }
  const lives = { cold: [] as Life[], warm: [] as Life[] };
  const sessions = { cold: [] as Life[], warm: [] as Life[] };
  const turns = { cold: [] as number[], warm: [] as number[] };
  await using coldSession = await cold.createEnvironment(configureEnvironment(subject.language));
  await using warmSession = await warm.createEnvironment(configureEnvironment(subject.language));
  const rounds = cold.getCapabilities().startupTimeMs <= FAST_START_MS ? ROUNDS.fast : ROUNDS.slow;
  for (let round = 0; round < rounds; round++) {
    lives.cold.push(await timeLife(subject, { runtime: cold, isWarm: false, lasts: false }));
    lives.warm.push(await timeLife(subject, { runtime: warm, isWarm: true, lasts: false }));
    sessions.cold.push(await timeLife(subject, { runtime: cold, isWarm: false, lasts: true }));
    sessions.warm.push(await timeLife(subject, { runtime: warm, isWarm: true, lasts: true }));
    turns.cold.push(await timeTurn(subject, coldSession));
    turns.warm.push(await timeTurn(subject, warmSession));
  }
  const p50 = (samples: readonly Life[], what: keyof Life) => median(samples.map((life) => life[what]));
  const row = (what: string, without: number, having: number): Row => ({
    name: `${name}: ${what}`,
    cells: [`${without.toFixed(1)} ms`, `${having.toFixed(1)} ms`],
  });
  return [
    row("a one-shot starts warm", p50(lives.cold, "answerMs"), p50(lives.warm, "answerMs")),
    row("the answer does not wait for tear-down, cold", p50(lives.cold, "goneMs"), p50(lives.cold, "answerMs")),
    row("the answer does not wait for tear-down, warm", p50(lives.warm, "goneMs"), p50(lives.warm, "answerMs")),
    row(
      "a session and its first program start warm",
      p50(sessions.cold, "answerMs"),
      p50(sessions.warm, "answerMs"),
    ),
    row("a session keeps a warm slot for its next program", median(turns.cold), median(turns.warm)),
  ];
}

/** The clock starts after warm members were prepared. */
async function timeLife(
  subject: BenchSubject,
  { isWarm, lasts, runtime }: {
    readonly runtime: ExecutionRuntime;
    readonly isWarm: boolean;
    readonly lasts: boolean;
  },
): Promise<Life> {
  const askedAt = performance.now();
  const environment = await runtime.createEnvironment({
    ...configureEnvironment(subject.language),
    singleUse: !lasts,
    runsMainFile: !lasts,
  });
  const startedAt = isWarm ? performance.now() : askedAt;
  await run(subject, environment);
  const answerMs = performance.now() - startedAt;
  await environment[Symbol.asyncDispose]();
  const goneMs = performance.now() - startedAt;
  if (environment.warm !== isWarm) throw new Error(`It was ${isWarm ? "not " : ""}warm`);
  return { answerMs, goneMs };
}

async function timeTurn(subject: BenchSubject, session: ExecutionEnvironment): Promise<number> {
  await delay(THOUGHT_MS);
  const startedAt = performance.now();
  await run(subject, session);
  return performance.now() - startedAt;
}

async function run({ program }: BenchSubject, environment: ExecutionEnvironment): Promise<void> {
  const path = environment.mainFile();
  await environment.files.write(path, program);
  const handle = await environment.run({ kind: "file", path, args: [] }, { env: {}, limits: DEFAULT_LIMITS });
  handle.stdin.close().catch(() => {}); // It has ended already.
  for await (const _ of handle.output); // An Engine stops a program whose output is not read.
  const outcome = await handle.outcome;
  if (outcome.kind !== "exited" || outcome.exitCode !== 0) throw new Error(`It ended with ${JSON.stringify(outcome)}`);
}

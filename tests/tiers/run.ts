import { existsSync } from "node:fs";
import { join, relative, toFileUrl } from "@std/path";
import { Command, Option } from "commander";
import { DOCKER_HOST } from "../support/docker_host.ts";
import { KEPT_VARIABLE } from "../support/kept_self_tests.ts";
import { PROJECT } from "../support/service_process.ts";
import { readReport, summarize, type TestResult } from "./report.ts";
import { LONGEST, type Tier, tierOf, TIERS } from "./tiers.ts";

const TEST = ["test", "--quiet", "--no-check", "--sanitize-ops", "--sanitize-resources", "--allow-all"];
/** A test that hangs must end the run some time; no file takes nearly as long. */
const JOB_TIMEOUT_MS = 10 * 60_000;
/** Tests wait longer than they compute: with two for each core, few cores are ever idle. */
const JOBS_AT_A_TIME = 2 * navigator.hardwareConcurrency;
const POLL_MS = 500;

/**
 * Files of a tier that one process tests: they share the modules that each would have to load. Those that use an Engine would
 * wait for each other.
 */
const FILES_A_JOB: Readonly<Record<Tier, number>> = {
  attacks: 1,
  engine: mayHaveEngine() ? 1 : 100,
  process: 4,
  jobs: 1,
  workflows: 6,
  docs: 10,
  unit: 40,
};

/** Files that one process tests. */
interface Job {
  readonly tier: Tier;
  readonly files: readonly string[];
}

/** A job that has run, and what each of its tests came to. */
interface Run {
  readonly job: Job;
  results: readonly TestResult[];
}

const program = new Command("deno task test")
  .argument("[tiers...]", `some of ${TIERS.join(", ")}; absent, all`)
  .option("--slowest <count>", "print so many of the slowest tests", Number, 0)
  .addOption(new Option("--engine-after <path>", "begin with tests that may use an Engine when this file exists"))
  .parse(Deno.args, { from: "user" });
const { engineAfter, slowest } = program.opts<{ readonly engineAfter?: string; readonly slowest: number }>();
const unknown = program.args.filter((name) => !TIERS.some((tier) => tier === name));
if (unknown.length > 0) program.error(`There is no tier ${unknown.join(", ")}; there are ${TIERS.join(", ")}`);

const directory = await Deno.makeTempDir();
const runs: Run[] = [];
const queue = makeJobs(await Array.fromAsync(findTests(join(PROJECT, "tests"))));
/** Aborts when this run is to end: its jobs end with it. */
const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => {
    queue.length = 0;
    stopped.abort();
  });
}
await Promise.all(Array.from({ length: JOBS_AT_A_TIME }, work));
const unsteady = await repeatFailed();
await Deno.remove(directory, { recursive: true });
const results = runs.flatMap(({ results }) => results);
print(summarize(results, { slowest, unsteady }));
Deno.exit(results.some(({ end }) => end === "failed") ? 1 : 0);

/** Runs jobs until none is left. */
async function work(): Promise<void> {
  while (queue.length > 0) {
    const job = queue.find(mayBegin);
    if (job !== undefined) {
      queue.splice(queue.indexOf(job), 1);
      runs.push({ job, results: await run(job) });
    } else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Runs what failed once more, alone on the machine: what passes then counts as passed.
 *
 * @returns the tests that passed only then, each a defect of the test
 */
async function repeatFailed(): Promise<TestResult[]> {
  const passed: TestResult[] = [];
  for (const finished of runs) {
    const failed = finished.results.filter(({ end }) => end === "failed");
    if (failed.length === 0 || stopped.signal.aborted) continue;
    const again = await repeat(finished, failed);
    const failedAgain = new Set(again.filter(({ end }) => end === "failed").map(({ name }) => name));
    passed.push(...failed.filter(({ name }) => !failedAgain.has(name)));
  }
  return passed;
}

/** Runs the files of the failed tests again, or all of the job where a module beside them has registered these. */
async function repeat(finished: Run, failed: readonly TestResult[]): Promise<TestResult[]> {
  const { job: { files, tier }, results } = finished;
  const own = new Set(failed.map(({ file }) => file));
  const isNamed = own.isSubsetOf(new Set(files));
  const again = await run({ tier, files: isNamed ? [...own] : files });
  finished.results = isNamed ? [...results.filter(({ file }) => !own.has(file)), ...again] : again;
  return again;
}

/** Whether there may be an Engine where tests look for one. */
function mayHaveEngine(): boolean {
  const [kind, path = ""] = DOCKER_HOST.split("://");
  return kind !== "unix" || existsSync(path);
}

function mayBegin({ tier }: Job): boolean {
  if (engineAfter === undefined || tier === "unit" || tier === "process") return true;
  return existsSync(engineAfter);
}

async function run({ tier, files }: Job): Promise<TestResult[]> {
  const [first = ""] = files;
  const title = files.length === 1 ? first : `${files.length} files from ${first} on`;
  const report = join(directory, `${first.replaceAll("/", "_")}.xml`);
  const entry = files.length === 1 ? first : await importAll(files);
  const startedAt = performance.now();
  const { stderr, stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: [...TEST, `--junit-path=${report}`, entry],
    cwd: PROJECT,
    env: { [KEPT_VARIABLE]: directory },
    signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(JOB_TIMEOUT_MS)]),
  }).output();
  const found = await Deno.readTextFile(report).then(readReport, (): TestResult[] => []);
  const seconds = (performance.now() - startedAt) / 1_000;
  // What is thrown outside of tests is in no report.
  const isReported = success || found.some(({ end }) => end === "failed");
  if (!isReported) found.push({ file: files.join(" "), name: "the file itself", seconds, end: "failed" });
  const text = new TextDecoder();
  print([
    ...(success ? [] : [text.decode(stdout), text.decode(stderr)]),
    `${success ? "ok" : "FAILED"} ${tier}: ${title} (${found.length} tests, ${seconds.toFixed(1)} s)`,
  ]);
  return found;
}

/** Writes a module that imports files of tests; returns its path. */
async function importAll(files: readonly string[]): Promise<string> {
  const path = await Deno.makeTempFile({ dir: directory, suffix: "_test.ts" });
  const imports = files.map((file) => `import ${JSON.stringify(toFileUrl(join(PROJECT, file)).href)};\n`);
  await Deno.writeTextFile(path, imports.join(""));
  return path;
}

/** The jobs of the chosen tiers, the longest first: none of them is to run on when all others are over. */
function makeJobs(files: readonly string[]): Job[] {
  const tiers = TIERS.filter((tier) => program.args.length === 0 || program.args.includes(tier));
  const longest = LONGEST.filter((file) => files.includes(file) && tiers.includes(tierOf(file)));
  const first = longest.map((file): Job => ({ tier: tierOf(file), files: [file] }));
  const others = tiers.flatMap((tier) => {
    const own = files.filter((file) => tierOf(file) === tier && !longest.includes(file)).toSorted();
    const count = Math.ceil(own.length / FILES_A_JOB[tier]);
    const shares = Map.groupBy(own, (_, index) => index % count); // Neighbours are often slow together.
    return [...shares.values()].map((files): Job => ({ tier, files }));
  });
  return [...first, ...others];
}

async function* findTests(directory: string): AsyncGenerator<string> {
  for await (const { isDirectory, name } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) yield* findTests(path);
    else if (name.endsWith("_test.ts")) yield relative(PROJECT, path);
  }
}

function print(lines: readonly string[]): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
}

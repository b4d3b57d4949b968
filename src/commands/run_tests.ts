import { BoundedOutput } from "../core/bytes/bounded_output.ts";
import {
  failedCompile,
  type Outcome,
  type OutputStream,
  type ProgramResult,
  type TestResult,
  uncompiledOutcome,
  type Usage,
} from "../core/execution.ts";
import type { ProgramRequest } from "../core/requests/program_request.ts";
import type { ProgramTest } from "../core/requests/tests.ts";
import type { ExecutionEnvironment, Program, SharedBuild } from "../runtimes/port.ts";
import { collectOutputs } from "./collect_outputs.ts";
import { runProgram, type RunProgramOptions } from "./run_program.ts";

/** A file of the workspace that is tested. */
type TestedFile = Extract<Program, { kind: "file" }>;

/** The settings of tests beside those of each run. Their output goes into their results alone. */
interface RunTestsOptions extends Omit<RunProgramOptions, "kept" | "onOutput" | "stdin"> {
  readonly tests: readonly ProgramTest[];
  readonly stdin?: string | undefined;
  readonly stopAtFirstFailure?: boolean | undefined;
}

/** The file of a request to run. */
export interface RequestedFile {
  readonly request: Pick<ProgramRequest, "args" | "compileArgs" | "stopAtFirstFailure" | "tests">;
  readonly path: string;
  /** The paths of all files of the request. */
  readonly paths: readonly string[];
}

/** Runs the file of a request: once, or once for each test. */
export async function runFile(
  environment: ExecutionEnvironment,
  { path, paths, request: { args, compileArgs, stopAtFirstFailure, tests } }: RequestedFile,
  options: RunProgramOptions,
): Promise<ProgramResult> {
  const program: TestedFile = {
    kind: "file",
    path,
    args,
    ...(paths.length > 1 ? { sources: paths } : {}),
    ...(compileArgs === undefined ? {} : { compileArgs }),
  };
  if (tests === undefined) return await runProgram(environment, program, options);
  const { kept: _kept, onOutput: _onOutput, stdin, ...shared } = options;
  const given = typeof stdin === "string" ? { stdin } : {};
  return await runTests(environment, program, { ...shared, ...given, tests, stopAtFirstFailure });
}

/** Runs a program once for each test, in order, after it is compiled once. The first failure is the outcome of all. */
async function runTests(
  environment: ExecutionEnvironment,
  program: TestedFile,
  { outputs, stdin, stopAtFirstFailure = false, tests, ...options }: RunTestsOptions,
): Promise<ProgramResult> {
  const build: SharedBuild = {};
  const results: TestResult[] = [];
  const shares = shareOutput(options.limits.maxOutputBytes, tests.length);
  let whole: ProgramResult | undefined;
  try {
    for (const test of tests) {
      const { args = program.args } = test;
      const { onStart, ...shared } = options;
      const ran = await runProgram(environment, { ...program, args, build }, {
        ...shared,
        ...(onStart !== undefined && whole === undefined ? { onStart } : {}),
        ...(whole === undefined ? {} : { askedAt: performance.now() }),
        stdin: test.stdin ?? stdin,
      });
      const failed = failedCompile(ran);
      if (failed !== undefined && !hasStopped(ran.outcome)) return uncompiled(ran, { stopAtFirstFailure, tests });
      whole = whole === undefined ? ran : combine(whole, ran, { hasFailed: results.some(isFailure) });
      if (hasStopped(ran.outcome)) {
        whole = { ...whole, outcome: ran.outcome, exitCode: null };
        break;
      }
      results.push(resultOf(test, ran, shares));
      if (stopAtFirstFailure && results.some(isFailure)) break;
    }
    if (whole === undefined) throw new Error("There are no tests"); // The schema asks for one.
    const files = await collectOutputs(environment.files, outputs ?? [], { memory: options.memory });
    return { ...withoutOutput(whole), ...files, tests: results };
  } finally {
    await build.made?.remove();
  }
}

/** Whether a run was ended from outside, so that it says nothing of the program. */
function hasStopped({ kind }: Outcome): boolean {
  return kind === "cancelled" || kind === "interrupted";
}

function isFailure({ verdict }: TestResult): boolean {
  return verdict !== "accepted";
}

/** The result of a program that does not compile. Each of its tests has that verdict. */
function uncompiled(
  ran: ProgramResult,
  { stopAtFirstFailure, tests }: Pick<RunTestsOptions, "tests"> & { readonly stopAtFirstFailure: boolean },
): ProgramResult {
  const outcome = ran.compile === undefined ? ran.outcome : uncompiledOutcome(ran.compile);
  const counted = stopAtFirstFailure ? tests.slice(0, 1) : tests;
  const usage: Usage = { wallMs: 0, startupMs: 0, cpuMs: null, peakMemoryBytes: null };
  const failed = { verdict: "compile_error", outcome, stdout: "", stderr: "", usage } as const;
  return { ...ran, tests: counted.map(({ name }) => ({ name, ...failed })) };
}

/** Adds a run to those before. The first failure is the outcome; without one, the last end is. */
function combine(
  before: ProgramResult,
  ran: ProgramResult,
  { hasFailed }: { readonly hasFailed: boolean },
): ProgramResult {
  const { cpuMs, peakMemoryBytes, startupMs, wallMs } = before.usage;
  const end = hasFailed ? before : ran;
  return {
    ...before,
    outcome: end.outcome,
    exitCode: end.exitCode,
    denials: before.denials.length > 0 ? before.denials : ran.denials,
    usage: {
      startupMs,
      wallMs: wallMs + ran.usage.wallMs,
      cpuMs: cpuMs === null || ran.usage.cpuMs === null ? null : cpuMs + ran.usage.cpuMs,
      peakMemoryBytes: peakMemoryBytes === null || ran.usage.peakMemoryBytes === null
        ? peakMemoryBytes ?? ran.usage.peakMemoryBytes
        : Math.max(peakMemoryBytes, ran.usage.peakMemoryBytes),
    },
  };
}

/** The result as a whole has no output of its own: each test has its. */
function withoutOutput({ truncatedAt: _at, ...result }: ProgramResult): ProgramResult {
  return { ...result, stdout: "", stderr: "", truncated: { stdout: 0, stderr: 0 } };
}

/**
 * The bytes of a stream that the next test may take. All tests together keep no more than one program.
 */
type OutputShares = (stream: OutputStream, usedBytes: number) => number;

function shareOutput(maxBytes: number, count: number): OutputShares {
  const left = { stdout: { bytes: maxBytes, tests: count }, stderr: { bytes: maxBytes, tests: count } };
  return (stream, usedBytes) => {
    const rest = left[stream];
    const share = Math.min(usedBytes, Math.floor(rest.bytes / Math.max(rest.tests, 1)));
    rest.bytes -= share;
    rest.tests--;
    return share;
  };
}

function resultOf({ expected, name }: ProgramTest, ran: ProgramResult, shares: OutputShares): TestResult {
  const [stdout, stderr] = [cut(ran, "stdout", shares), cut(ran, "stderr", shares)];
  const truncated = { stdout: stdout.left, stderr: stderr.left };
  return {
    name,
    verdict: verdictOf(ran, expected),
    outcome: ran.outcome,
    stdout: stdout.text,
    stderr: stderr.text,
    ...(truncated.stdout + truncated.stderr === 0 ? {} : { truncated }),
    usage: ran.usage,
  };
}

/** Cuts a kept stream to its share. */
function cut(ran: ProgramResult, stream: OutputStream, shares: OutputShares) {
  const bytes = new TextEncoder().encode(ran[stream]);
  const share = shares(stream, bytes.length);
  if (bytes.length <= share) return { text: ran[stream], left: ran.truncated[stream] };
  const bounded = new BoundedOutput(share);
  bounded.push(bytes);
  const { text, truncatedBytes } = bounded.read();
  return { text, left: truncatedBytes + ran.truncated[stream] };
}

function verdictOf({ outcome, stdout, truncated }: ProgramResult, expected: string | undefined): TestResult["verdict"] {
  switch (outcome.kind) {
    case "timed_out":
    case "cpu_limit":
      return "time_limit";
    case "memory_limit":
    case "output_limit":
      return outcome.kind;
    case "exited":
      if (outcome.exitCode !== 0) return "runtime_error";
      if (expected === undefined) return "accepted";
      return truncated.stdout === 0 && comparable(stdout) === comparable(expected) ? "accepted" : "wrong_answer";
    default:
      return "runtime_error";
  }
}

/** A text without the white space at the end of its lines. Its last empty lines are left out too. */
function comparable(text: string): string {
  return text.split("\n").map((line) => line.trimEnd()).join("\n").trimEnd();
}

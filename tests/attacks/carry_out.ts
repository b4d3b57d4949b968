import { runProgram } from "../../src/commands/mod.ts";
import { CodeBeakerError, messageOf } from "../../src/core/errors.ts";
import type { ProgramResult } from "../../src/core/execution.ts";
import type { Limits } from "../../src/core/limits.ts";
import { parseExecutionRequest } from "../../src/core/requests/execution_request.ts";
import type { ExecutionEnvironment, ExecutionRuntime, Program } from "../../src/runtimes/port.ts";
import { Contexts } from "../../src/contexts/contexts.ts";
import { CheckedArchive } from "../../src/workspace/archive/checked_archive.ts";
import { CALLER, engineOf } from "../support/engine_of.ts";
import { runCommand } from "../support/run_command.ts";
import { inPieces, makeTar } from "../support/tar.ts";
import type { Finding, Step } from "./attack.ts";
import { runUnheld } from "./unheld.ts";
import type { World } from "./world.ts";

const MAX_SEARCHED_LENGTH = 32 * 1_048_576;
/** A context may live for longer than any attack takes. */
const LIFETIME_MS = 60_000;

/** Where a step is taken. */
export interface Scene {
  readonly world: World;
  readonly environment: ExecutionEnvironment;
  /** Where another tenant's program runs. */
  readonly neighbour: ExecutionEnvironment | undefined;
  /** Undefined where there is no door to it. */
  readonly runtime: ExecutionRuntime | undefined;
  readonly limits: Limits;
  /** Variables of every program. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether code is a cell, where nothing else is said of how it is run. */
  readonly runsCells: boolean;
  /** Whether environments are containers. */
  readonly isContained: boolean;
  /** What a one-shot request asks for beside what its step says. */
  readonly request: Readonly<Record<string, unknown>>;
}

/** All that came of an attack's steps. */
export interface Transcript {
  /** Every answer, in words. */
  readonly answers: string[];
  /** How the last program ended, undefined when none began. */
  ended: ProgramResult | undefined;
  readonly findings: Finding[];
}

/** Takes a step; what the service refuses is an answer too. */
export async function takeStep(step: Step, scene: Scene, transcript: Transcript): Promise<void> {
  try {
    if ("during" in step) return await takeWhile(step, scene, transcript);
    const answer = await actOn(filled(step, scene.world), scene);
    if (answer === undefined) return;
    if (isProgramResult(answer)) transcript.ended = answer;
    transcript.answers.push(JSON.stringify(answer));
    if ("mustBeRefused" in step && step.mustBeRefused === true) {
      transcript.findings.push({ oracle: "accepted", detail: JSON.stringify(step) });
    }
  } catch (error) {
    transcript.answers.push(refusalOf(error));
  }
}

/** What the service refuses, or does not go on with. @throws what is a fault of the suite's own */
function refusalOf(error: unknown): string {
  if (!(error instanceof CodeBeakerError) || error.code === "internal") throw error;
  return `${error.code}: ${messageOf(error)} ${JSON.stringify(error.details)}`;
}

/** Takes steps again and again while a program runs. */
async function takeWhile(
  { during, steps }: Extract<Step, { during: unknown }>,
  scene: Scene,
  transcript: Transcript,
): Promise<void> {
  let isRunning = true;
  const running = takeStep(during, scene, transcript).finally(() => isRunning = false);
  while (isRunning) {
    for (const step of steps) await takeStep(step, scene, transcript);
  }
  await running;
}

function actOn(step: Exclude<Step, { during: unknown }>, scene: Scene): Promise<unknown> {
  const { environment, limits } = scene;
  const env = { ...scene.env, ...("env" in step ? step.env : {}) };
  if ("code" in step && scene.runsCells && step.env === undefined && step.args === undefined) {
    return runCell(step.code, environment, limits);
  }
  if ("code" in step) return runMain(step.code, environment, { limits, env, args: step.args ?? [] });
  if ("shell" in step) return run(shellProgram(step.shell), environment, { limits, env });
  if ("files" in step) return write(environment, step.files);
  if ("unpack" in step) return unpack(step.unpack, environment);
  if ("command" in step) return runCommand(environment, step.command, { limits });
  if ("request" in step) return submit({ ...scene.request, ...step.request }, scene.runtime);
  if ("unheld" in step) return runUnheld(step.unheld, scene);
  if ("download" in step) return environment.files.pack().then(beginningOf);
  if (scene.neighbour === undefined) throw new Error("There is no neighbour");
  return runMain(step.neighbour, scene.neighbour, scene).then(() => undefined);
}

/** Runs code as the language's main file. */
export async function runMain(
  code: string,
  environment: ExecutionEnvironment,
  options: {
    readonly limits: Limits;
    readonly env?: Readonly<Record<string, string>>;
    readonly args?: readonly string[];
  },
): Promise<ProgramResult> {
  const path = environment.mainFile();
  await write(environment, { [path]: code });
  return await run({ kind: "file", path, args: options.args ?? [] }, environment, options);
}

/** Runs code as the only cell of a context, which has the environment's variables. */
async function runCell(code: string, environment: ExecutionEnvironment, limits: Limits): Promise<ProgramResult> {
  await using contexts = new Contexts();
  const { id } = await contexts.open(environment, {
    language: environment.language,
    limits,
    lifetimeMs: LIFETIME_MS,
    createdAt: 0,
    memory: { [Symbol.dispose]() {} },
  });
  return await contexts.get(id).run({ code }, { limits });
}

function run(
  program: Program,
  environment: ExecutionEnvironment,
  { limits, env = {} }: { readonly limits: Limits; readonly env?: Readonly<Record<string, string>> },
): Promise<ProgramResult> {
  return runProgram(environment, program, { limits, env });
}

/** As much of a stream as is searched: an archive holds a file once for each of its names. */
export async function beginningOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MAX_SEARCHED_LENGTH) break;
  }
  return text;
}

function shellProgram(line: string | readonly [string, ...string[]]): Program {
  const [command, ...args] = typeof line === "string" ? ["sh", "-c", line] as const : line;
  return { kind: "shell", command, args, workingDirectory: "." };
}

async function write(environment: ExecutionEnvironment, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await environment.files.write(path, new TextEncoder().encode(text));
  }
}

async function unpack(entries: Extract<Step, { unpack: unknown }>["unpack"], environment: ExecutionEnvironment) {
  const directory = await Deno.makeTempDir();
  try {
    using archive = await CheckedArchive.read(inPieces(await makeTar(entries)), { directory, maxBytes: 10_000_000 });
    await environment.files.unpack(archive.stream());
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function submit(value: unknown, runtime: ExecutionRuntime | undefined): Promise<unknown> {
  if (runtime === undefined) throw new Error("There is no door here");
  const engine = engineOf([runtime]);
  try {
    const submitted = await engine.submit(CALLER, parseExecutionRequest(value), { isPatient: true });
    return await submitted.ended;
  } finally {
    await engine[Symbol.asyncDispose]();
  }
}

/** No name stands for what JSON would have to escape. */
function filled<T extends Step>(step: T, world: World): T {
  return JSON.parse(world.fill(JSON.stringify(step)));
}

function isProgramResult(value: unknown): value is ProgramResult {
  return typeof value === "object" && value !== null && "outcome" in value && "usage" in value;
}

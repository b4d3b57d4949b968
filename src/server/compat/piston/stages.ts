import { constants } from "node:os";
import { type CompileResult, type Execution, failedCompile, type Outcome } from "../../../core/execution.ts";
import { VERSION } from "../../../core/version.ts";
import { failureReason } from "../failure_reason.ts";
import { toPiston } from "./languages.ts";

/** Piston's letters for an end: another exit code than 0, signal, time, output, service. */
type Status = "RE" | "SG" | "TO" | "OL" | "XX";

/** How a stage ended, in Piston's fields. */
interface StageEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly message: string | null;
  readonly status: Status | null;
}

/** The letters of a program that the service ended. Other limits have SG. */
const ENDED: { readonly [Kind in Outcome["kind"]]?: Status } = {
  timed_out: "TO",
  cpu_limit: "TO",
  output_limit: "OL",
  cancelled: "XX",
  interrupted: "XX",
};

/** Translates the end of a program or compiler. */
export function endOf(outcome: Outcome): StageEnd {
  if (outcome.kind === "exited") {
    const { exitCode: code } = outcome;
    if (code === 0) return { code, signal: null, message: null, status: null };
    return { code, signal: null, message: `Exited with error status ${code}`, status: "RE" };
  }
  if (outcome.kind === "signaled") {
    const { signal } = outcome;
    const number = new Map(Object.entries(constants.signals)).get(signal) ?? signal;
    return { code: null, signal, message: `Caught fatal signal ${number}`, status: "SG" };
  }
  const message = outcome.kind === "timed_out"
    ? `Time limit exceeded (wall clock, ${outcome.limitMs} ms)`
    : failureReason(outcome) ?? null;
  return { code: null, signal: "SIGKILL", message, status: ENDED[outcome.kind] ?? "SG" };
}

/**
 * Translates an execution. Where the compiler failed, its stage stands for that of the program too.
 *
 * @param output both streams of the program, in the order in which it printed
 */
export function toResult(execution: Execution, output: string): object {
  const { compile, language, outcome, stderr, stdout, usage } = execution;
  const compiled = compile === undefined ? {} : { compile: toCompileStage(compile) };
  const run = failedCompile(execution) !== undefined ? compiled.compile : {
    stdout,
    stderr,
    ...endOf(outcome),
    output,
    memory: usage.peakMemoryBytes,
    cpu_time: usage.cpuMs,
    wall_time: usage.wallMs,
  };
  return { ...compiled, run, language: toPiston(language), version: VERSION };
}

function toCompileStage({ cpuMs, outcome, stderr, stdout }: CompileResult): object {
  const output = `${stdout}${stderr}`;
  return { stdout, stderr, ...endOf(outcome), output, memory: null, cpu_time: cpuMs, wall_time: null };
}

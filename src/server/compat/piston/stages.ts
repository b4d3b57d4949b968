import { constants } from "node:os";
import { BoundedOutput } from "../../../core/bytes/bounded_output.ts";
import {
  type CompileResult,
  type Execution,
  failedCompile,
  type Outcome,
  type OutputChunk,
} from "../../../core/execution.ts";
import { LIMITS } from "../../../core/limits.ts";
import { VERSION } from "../../../core/version.ts";
import { OutputDecoder } from "../../http/output_decoder.ts";
import { toPiston } from "./languages.ts";

/** How a stage ended, as Piston tells it. */
export interface StageEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly message: string | null;
  /** Piston's letters. RE is for another exit code than 0, SG for a signal, TO for time, OL for output, XX for an end by the service. */
  readonly status: "RE" | "SG" | "TO" | "OL" | "XX" | null;
}

/** Both streams of a program in the order in which they came. */
export class InterleavedOutput {
  readonly #decoder = new OutputDecoder();
  readonly #encoder = new TextEncoder();
  readonly #kept = new BoundedOutput(2 * LIMITS.maxOutputBytes.default);

  push(chunk: OutputChunk): void {
    this.#kept.push(this.#encoder.encode(this.#decoder.decode(chunk)));
  }

  /** The text, to be read once, at the end. */
  read(): string {
    for (const { text } of this.#decoder.end()) this.#kept.push(this.#encoder.encode(text));
    return this.#kept.read().text;
  }
}

/** Translates the end of a program or compiler. */
export function endOf(outcome: Outcome): StageEnd {
  switch (outcome.kind) {
    case "exited": {
      const { exitCode: code } = outcome;
      if (code === 0) return { code, signal: null, message: null, status: null };
      return { code, signal: null, message: `Exited with error status ${code}`, status: "RE" };
    }
    case "signaled": {
      const number = (constants.signals as Readonly<Record<string, number>>)[outcome.signal] ?? outcome.signal;
      return { code: null, signal: outcome.signal, message: `Caught fatal signal ${number}`, status: "SG" };
    }
    case "timed_out":
      return killed("TO", `Time limit exceeded (wall clock, ${outcome.limitMs} ms)`);
    case "cpu_limit":
      return killed("TO", `Time limit exceeded (${outcome.limitMs} ms)`);
    case "output_limit":
      return killed("OL", `output length exceeded (${outcome.limitBytes} bytes)`);
    case "memory_limit":
      return killed("SG", `Memory limit exceeded (${outcome.limitMb} MB)`);
    case "disk_limit":
      return killed("SG", `Disk limit exceeded (${outcome.limitMb} MB)`);
    case "process_limit":
      return killed("SG", `Process limit exceeded (${outcome.limit})`);
    case "descriptor_limit":
      return killed("SG", `Open file limit exceeded (${outcome.limit})`);
    case "cancelled":
      return killed("XX", "Cancelled");
    case "interrupted":
      return killed("XX", `Interrupted: ${outcome.reason}`);
  }
}

/** Translates an execution. Where the compiler failed, its stage stands for that of the program too. */
export function toResult(execution: Execution, output: InterleavedOutput): object {
  const { compile, language, outcome, stderr, stdout, usage } = execution;
  const compiled = compile === undefined ? undefined : toCompileStage(compile);
  const run = failedCompile(execution) !== undefined ? compiled : {
    stdout,
    stderr,
    ...endOf(outcome),
    output: stderr === "" ? stdout : stdout === "" ? stderr : output.read(),
    memory: usage.peakMemoryBytes,
    cpu_time: usage.cpuMs,
    wall_time: usage.wallMs,
  };
  return {
    ...(compiled === undefined ? {} : { compile: compiled }),
    run,
    language: toPiston(language),
    version: VERSION,
  };
}

function toCompileStage({ cpuMs, outcome, stderr, stdout }: CompileResult): object {
  const output = `${stdout}${stderr}`;
  return { stdout, stderr, ...endOf(outcome), output, memory: null, cpu_time: cpuMs, wall_time: null };
}

function killed(status: StageEnd["status"], message: string): StageEnd {
  return { code: null, signal: "SIGKILL", message, status };
}

import type { MimeBundle } from "../../../core/cell.ts";
import type { Execution } from "../../../core/execution.ts";
import { LIMITS } from "../../../core/limits.ts";
import { parseCell } from "../../../core/requests/cell_request.ts";
import type { ContextsPort } from "../../../sessions/port.ts";
import { OutputDecoder } from "../../http/output_decoder.ts";
import { failureReason } from "../failure_reason.ts";
import { submitToDefault } from "../../submit_to_default.ts";

/** An error as Jupyter's messages have it. */
export interface CellFailure {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** Options of an evaluation. */
export interface EvaluateOptions {
  readonly code: string;
  readonly language: string;
  readonly executionCount: number;
  /** Aborting interrupts the code. */
  readonly signal: AbortSignal;
  /** Sends a message of a type to all clients. The code waits for it. */
  publish(type: string, content: object): Promise<void>;
}

/**
 * Evaluates code in the default context of a language, and publishes what it gives.
 *
 * @returns why the code failed, and whether the context was lost
 */
export async function evaluate(
  contexts: ContextsPort,
  { code, executionCount, language, publish, signal }: EvaluateOptions,
): Promise<{ readonly failure: CellFailure | undefined; readonly isLost: boolean }> {
  const output = new OutputDecoder();
  const print = async (name: string, text: string) => {
    if (text !== "") await publish("stream", { name, text });
  };
  const cell = parseCell({ code, timeoutMs: LIMITS.timeoutMs.max });
  const submitted = await submitToDefault(contexts, {
    ...{ cell, language },
    options: {
      signal,
      onOutput: (chunk) => chunk.isOfError ? undefined : print(chunk.stream, output.decode(chunk)),
      onDisplay: (data) => publish("display_data", { data, metadata: {}, transient: {} }),
    },
  });
  const execution = await submitted.ended;
  for (const { stream, text } of output.end()) await print(stream, text);
  const { contextLost: isLost = false, displaysOmitted: omitted = 0 } = execution;
  if (omitted > 0) await print("stderr", `[… ${omitted} displays are left out here …]\n`);
  const failure = failureOf(execution);
  const data = failure === undefined ? formsOf(execution) : undefined;
  if (data !== undefined) await publish("execute_result", { execution_count: executionCount, data, metadata: {} });
  return { failure, isLost };
}

/** Makes the failure of code that the service could not evaluate, or that it ended. */
export function toFailure(ename: string, evalue: string): CellFailure {
  return { ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

function failureOf({ contextLost, error, outcome }: Execution): CellFailure | undefined {
  if (error !== undefined) {
    return { ename: error.name, evalue: error.message, traceback: error.traceback.split("\n") };
  }
  const reason = failureReason(outcome) ?? (contextLost ? "the interpreter has exited" : undefined);
  if (reason === undefined) return undefined;
  return toFailure(outcome.kind, contextLost ? `${reason}; the kernel is restarted without its variables` : reason);
}

/** The forms of a cell's value; undefined where it has none. */
function formsOf({ text, value, valueType }: Execution): MimeBundle | undefined {
  if (valueType === "mime") return { ...(text === undefined ? {} : { "text/plain": text }), ...value as MimeBundle };
  const shown = text ?? (value === undefined ? undefined : JSON.stringify(value));
  return shown === undefined ? undefined : { "text/plain": shown };
}

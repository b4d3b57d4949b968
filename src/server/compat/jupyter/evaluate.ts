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

/** What a user reads whose interpreter has ended. */
export const RESTARTED = "the kernel is restarted without its variables";

/** Options of an evaluation. */
export interface EvaluateOptions {
  readonly code: string;
  readonly language: string;
  /** Aborted when the session closes. */
  readonly closing: AbortSignal;
  /** Aborting interrupts the code. */
  readonly signal: AbortSignal;
  /** Called with the context before the code begins in it. Returns the number of the cell. Its error ends the cell. */
  begin(contextId: string): Promise<number>;
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
  { begin, closing, code, language, publish, signal }: EvaluateOptions,
): Promise<{ readonly failure: CellFailure | undefined; readonly isLost: boolean }> {
  const output = new OutputDecoder();
  const print = async (name: string, text: string) => {
    if (text !== "") await publish("stream", { name, text });
  };
  const cell = parseCell({ code, timeoutMs: LIMITS.timeoutMs.max });
  let executionCount = 0;
  const submitted = await submitToDefault(contexts, {
    ...{ cell, language },
    onContext: async (id) => void (executionCount = await begin(id)),
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
  const failure = failureOf(execution, isLost && !closing.aborted);
  const data = failure === undefined ? formsOf(execution) : undefined;
  if (data !== undefined) await publish("execute_result", { execution_count: executionCount, data, metadata: {} });
  return { failure, isLost };
}

/** Makes the failure of code that the service could not evaluate, or that it ended. */
export function toFailure(ename: string, evalue: string): CellFailure {
  return { ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

function failureOf({ error, outcome }: Execution, isRestarted: boolean): CellFailure | undefined {
  if (error !== undefined) {
    return { ename: error.name, evalue: error.message, traceback: error.traceback.split("\n") };
  }
  const reason = outcome.kind === "interrupted" ? outcome.reason : failureReason(outcome);
  if (isRestarted) {
    const cause = reason ?? "the interpreter has exited";
    return toFailure(outcome.kind, `${cause}; ${RESTARTED}`);
  }
  return reason === undefined ? undefined : toFailure(outcome.kind, reason);
}

/** The forms of a cell's value; undefined where it has none. */
function formsOf({ text, value, valueType }: Execution): MimeBundle | undefined {
  if (valueType === "mime") return { ...(text === undefined ? {} : { "text/plain": text }), ...value as MimeBundle };
  const shown = text ?? (value === undefined ? undefined : JSON.stringify(value));
  return shown === undefined ? undefined : { "text/plain": shown };
}

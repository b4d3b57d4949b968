import { clearingOf, comesAfterValue, type MimeBundle } from "../../../core/cell.ts";
import { ignore } from "../../../core/errors.ts";
import type { Execution } from "../../../core/execution.ts";
import { MOST } from "../../../core/limits.ts";
import { parseCell } from "../../../core/requests/cell_request.ts";
import type { SubmitOptions } from "../../../engine/port.ts";
import type { ContextsPort } from "../../../sessions/port.ts";
import { EventSender } from "../../http/event_sender.ts";
import { failureReason } from "../failure_reason.ts";
import { omittedDisplays } from "../printed_text.ts";
import { LineJoiner } from "./line_joiner.ts";

/** An error as Jupyter's messages have it. */
export interface CellFailure {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** The failure of code whose interpreter has ended without a reason. */
const EXITED = describeFailure("exited", "the interpreter has exited");

/** Code to evaluate. */
export interface InterpretedCode {
  readonly code: string;
  readonly language: string;
  /** Aborted when the session closes. */
  readonly closing: AbortSignal;
  /** Aborting interrupts the code. */
  readonly signal: AbortSignal;
  /** Asks the client that sent the code for a line. Absent, it takes no questions. */
  readonly onInput: SubmitOptions["onInput"];
  /** Sends a message of a type to all clients. Returns when there was room for it. */
  publish(type: string, content: object): Promise<void>;
}

/** The interpreter of a kernel, from a start to the next: one default context. */
export class Interpreter {
  /** Identifies it to clients. */
  readonly id = crypto.randomUUID();
  executionCount = 0;
  /** Whether it has ended by itself. */
  isLost = false;
  #contextId: string | undefined;

  /**
   * Evaluates code, and publishes what it gives. The code waits until there is room for its output.
   *
   * @returns why the code failed; undefined where it did not
   * @throws {CodeBeakerError} the errors of a context, unless it is lost
   */
  async evaluate(
    contexts: ContextsPort,
    { closing, code, language, onInput, publish, signal }: InterpretedCode,
  ): Promise<CellFailure | undefined> {
    const cell = { ...parseCell({ code }), limits: { timeoutMs: MOST } };
    publish("execute_input", { code, execution_count: this.executionCount });
    this.#contextId ??= await contexts.findDefault(language);
    const late: object[] = []; // Displays that clients get after the value, as from IPython's kernel.
    const lines = new LineJoiner((name, text) => publish("stream", { name, text }));
    const events = new EventSender((event) => {
      if (event.kind === "output") return lines.write(event.stream, event.text);
      if (event.kind !== "display") return;
      lines.flush();
      const clearing = clearingOf(event.data);
      if (clearing !== undefined) return publish("clear_output", clearing);
      const content = { data: event.data, metadata: {}, transient: {} };
      if (comesAfterValue(event.data)) return void late.push(content);
      return publish("display_data", content);
    });
    const { onDisplay, onOutput } = events.options;
    const execution = await contexts.submit(this.#contextId, cell, {
      signal,
      onOutput: (chunk) => chunk.isOfError ? undefined : onOutput?.(chunk),
      onDisplay,
      onInput: onInput && (async (question, options) => {
        await lines.flush();
        return await onInput(question, options);
      }),
    }).then(({ ended }) => events.sendEnd(ended)).catch(ignore("conflict", "not_found")) // The context is lost.
      .finally(() => lines.flush());
    const mark = execution === undefined ? undefined : omittedDisplays(execution);
    if (mark !== undefined) publish("stream", { name: "stderr", text: mark });
    const failure = execution === undefined ? EXITED : failureOf(execution);
    const data = execution === undefined || failure !== undefined ? undefined : formsOf(execution);
    if (data !== undefined) publish("execute_result", { execution_count: this.executionCount, data, metadata: {} });
    for (const content of late) await publish("display_data", content);
    if (execution === undefined || execution.contextLost === true) {
      this.isLost = !closing.aborted;
      const { ename, evalue } = failure ?? EXITED;
      return describeFailure(ename, this.isLost ? `${evalue}; the kernel is restarted without its variables` : evalue);
    }
    return failure;
  }
}

/** Makes a failure. Clients show its traceback alone. */
export function describeFailure(ename: string, evalue: string, traceback = evalue): CellFailure {
  return { ename, evalue, traceback: traceback.split("\n") };
}

function failureOf({ error, outcome }: Execution): CellFailure | undefined {
  if (error !== undefined) return describeFailure(error.name, error.message, error.traceback);
  const reason = failureReason(outcome);
  return reason === undefined ? undefined : describeFailure(outcome.kind, reason);
}

/** The forms of a cell's value; undefined where it has none. */
function formsOf({ text, value, valueType }: Execution): MimeBundle | undefined {
  if (valueType === "mime") return { ...(text === undefined ? {} : { "text/plain": text }), ...value as MimeBundle };
  const shown = text ?? (value === undefined ? undefined : JSON.stringify(value));
  return shown === undefined ? undefined : { "text/plain": shown };
}

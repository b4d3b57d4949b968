import { type KeptBytes, readKept, streamLength } from "../core/bytes/kept_bytes.ts";
import { continuationLength, decodeUtf8, unfinishedLength } from "../core/bytes/utf8.ts";
import { CodeBeakerError, type Failure } from "../core/errors.ts";
import type { Execution, OutputStream } from "../core/execution.ts";
import type { KeptDisplay } from "./display_log.ts";
import type { EventPosition, ExecutionEvent, ExecutionStart, FollowOptions } from "./port.ts";

/** Most bytes of output in one event. A slow reader keeps as many in memory. */
const MAX_EVENT_BYTES = 65_536;
const STREAMS: readonly OutputStream[] = ["stdout", "stderr"];

/** The end of an execution: its result, or why the service could not run it. */
export type ExecutionEnd =
  | { readonly kind: "ended"; readonly execution: Execution }
  | { readonly kind: "failed"; readonly error: Failure };

/** The source of an execution's events. It is the state of a live execution, or the record of an ended one. */
export interface EventSource {
  /** Undefined until the program may begin. */
  readonly start: ExecutionStart | undefined;
  readonly output: Readonly<Record<OutputStream, KeptBytes>>;
  readonly displays: {
    /** The number of displays so far. */
    readonly seen: number;
    /** Finds the first kept display from `index` on; undefined when none is kept. */
    from(index: number): KeptDisplay | undefined;
  };
  /** Undefined until the end of the execution. */
  readonly end: ExecutionEnd | undefined;
  readonly changes: {
    readonly count: number;
    changedSince(count: number, signal: AbortSignal): Promise<void>;
  };
}

/** The position behind all output and displays so far. */
function endPosition({ output, displays }: EventSource): EventPosition {
  return { stdout: streamLength(output.stdout), stderr: streamLength(output.stderr), displays: displays.seen };
}

/** @throws {CodeBeakerError} `invalid_request` for a position that the execution has not reached */
export function checkReached(source: EventSource, { position, hasEnd }: NonNullable<FollowOptions["after"]>): void {
  if (source.end?.kind === "failed") return; // The output of a failed execution is not recorded.
  const reached = endPosition(source);
  const isReached = position.stdout <= reached.stdout && position.stderr <= reached.stderr &&
    position.displays <= reached.displays;
  if (isReached && (source.end !== undefined || (source.start !== undefined && !hasEnd))) return;
  const message =
    "Cannot continue after this event as the execution has not sent it yet: use the id of an event that " +
    "this execution has sent";
  const errors = [{ path: "Last-Event-ID", message: "Must be the id of an event of this execution" }];
  throw new CodeBeakerError("invalid_request", message, { details: { errors } });
}

/**
 * Reads the events of an execution up to its end, or until `signal` aborts. A reader that is slower than the program
 * does not delay it: output and displays that are no longer kept when the reader comes to them are counted in
 * `dropped`. Earlier output is read stream by stream, between the displays of a live execution.
 */
export async function* readEvents(
  source: EventSource,
  { after, signal }: { readonly after?: EventPosition | undefined; readonly signal: AbortSignal },
): AsyncGenerator<ExecutionEvent, void> {
  const reader = new EventReader(source, after);
  while (!signal.aborted) {
    const { count } = source.changes;
    const { end } = source;
    yield* reader.readNew();
    if (end !== undefined) {
      yield* reader.readEnd(end);
      return;
    }
    await source.changes.changedSince(count, signal);
  }
}

/** Reads new events, and keeps its position. */
class EventReader {
  readonly #source: EventSource;
  #position: EventPosition;
  #hasStarted: boolean;

  constructor(source: EventSource, after: EventPosition | undefined) {
    this.#source = source;
    this.#position = after ?? { stdout: 0, stderr: 0, displays: 0 };
    this.#hasStarted = after !== undefined;
  }

  *readNew(): Generator<ExecutionEvent, void> {
    const { start } = this.#source;
    if (start === undefined) return;
    yield* this.#readStart(start);
    const reached = endPosition(this.#source);
    while (this.#position.displays < reached.displays) {
      const next = this.#source.displays.from(this.#position.displays);
      for (const stream of STREAMS) yield* this.#readOutput(stream, next?.behind?.[stream] ?? reached[stream]);
      yield this.#display(next, reached.displays);
    }
    for (const stream of STREAMS) yield* this.#readOutput(stream, reached[stream]);
  }

  *readEnd(end: ExecutionEnd): Generator<ExecutionEvent, void> {
    if (end.kind === "ended") yield* this.#readStart(end.execution);
    for (const stream of STREAMS) {
      const { bytes } = this.#keptAt(stream, this.#position[stream]);
      if (bytes.length > 0) yield this.#output(stream, bytes); // A character that was never finished.
    }
    yield { ...end, position: this.#position };
  }

  *#readStart({ id, runtime }: ExecutionStart): Generator<ExecutionEvent, void> {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    yield { kind: "started", id, runtime, position: this.#position };
  }

  *#readOutput(stream: OutputStream, end: number): Generator<ExecutionEvent, void> {
    while (this.#position[stream] < end) {
      const maxBytes = Math.min(end - this.#position[stream], MAX_EVENT_BYTES);
      const { at, bytes } = this.#keptAt(stream, this.#position[stream], maxBytes);
      const isDropped = at > this.#position[stream];
      const whole = bytes.subarray(0, bytes.length - unfinishedLength(bytes));
      if (!isDropped && whole.length > 0) {
        yield this.#output(stream, whole);
        continue;
      }
      // A character that the gap cuts is dropped with it.
      const behind = this.#keptAt(stream, isDropped ? at : at + bytes.length);
      if (behind.at === this.#position[stream] + bytes.length && !isDropped) return;
      yield this.#dropped(stream, behind.at + continuationLength(behind.bytes));
    }
  }

  #display(next: KeptDisplay | undefined, end: number): ExecutionEvent {
    const { displays } = this.#position;
    if (next?.index !== displays) return this.#dropped("displays", next?.index ?? end);
    this.#position = { ...this.#position, displays: displays + 1 };
    return { kind: "display", data: next.data, position: this.#position };
  }

  #keptAt(stream: OutputStream, offset: number, maxBytes = MAX_EVENT_BYTES) {
    return readKept(this.#source.output[stream], { offset, maxBytes });
  }

  #output(stream: OutputStream, bytes: Uint8Array): ExecutionEvent {
    this.#position = { ...this.#position, [stream]: this.#position[stream] + bytes.length };
    return { kind: "output", stream, text: decodeUtf8(bytes), position: this.#position };
  }

  #dropped(part: keyof EventPosition, to: number): ExecutionEvent {
    const count = to - this.#position[part];
    this.#position = { ...this.#position, [part]: to };
    return { kind: "dropped", stdout: 0, stderr: 0, displays: 0, [part]: count, position: this.#position };
  }
}

import { CodeBeakerError, type ErrorCode, messageOf } from "../core/errors.ts";
import type { Execution, ProgramResult } from "../core/execution.ts";
import type { ExecutionEntry } from "../core/execution_entry.ts";
import type { Attempt, Selection } from "../core/selection.ts";
import { log } from "../log.ts";
import type { ExecutionListing, ExecutionStore, StoredExecution } from "../storage/storage.ts";
import type { EventSource } from "./event_reader.ts";
import { recordedEvents } from "./recorded_events.ts";
import { rawOutputOf } from "./raw_output.ts";
import type { ExecutionFacts, LiveExecution } from "./live_execution.ts";
import type { Caller, ExecutionReport, Submitted } from "./port.ts";

/** The interruption of an execution that a lost service left unfinished. */
const LOST = "the service was lost while it ran";
/** Codes after which a client asks again. Such an error frees the idempotency key. */
const TRANSIENT: readonly ErrorCode[] = ["busy", "runtime_unavailable"];
const NOT_RUN = { stdout: "", stderr: "", truncated: { stdout: 0, stderr: 0 }, exitCode: null, denials: [] } as const;
const NOTHING_USED = { wallMs: 0, startupMs: 0, cpuMs: null, peakMemoryBytes: null } as const;

/** The result of a program, and the runtime that ran it. */
export interface RunResult extends ProgramResult {
  readonly runtime: string;
  readonly warm: boolean;
  readonly attempts: readonly Attempt[];
}

/** The choice of a runtime, and whether the answer shows it. */
export interface Explained {
  readonly selection: Selection;
  readonly explain: boolean;
}

/** The settings for recording an execution before its end. */
export interface BeginRecordOptions {
  readonly explained: Explained;
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | undefined;
  /** Whether the record must be on the disk before this returns. */
  readonly isDurable: boolean;
}

/** The settings for recording an execution at its end. */
export interface EndRecordOptions {
  readonly result: Execution | CodeBeakerError;
  /** Whether {@link ExecutionRecords.begin} has recorded the execution. */
  readonly hasRecord: boolean;
}

/** The stored executions, and the answers made from them. */
export class ExecutionRecords {
  readonly #store: ExecutionStore;

  constructor(store: ExecutionStore) {
    this.#store = store;
  }

  /**
   * Records an execution whose client learns its id before its end.
   *
   * @throws {CodeBeakerError} `busy` when a durable record cannot be written now
   */
  begin(facts: ExecutionFacts, { explained, idempotency, isDurable }: BeginRecordOptions): void {
    const draft = toExecution(facts, explained, {
      ...unrun(explained.selection),
      outcome: { kind: "interrupted", reason: LOST },
    });
    const { caller: { principal: { tenant } }, sessionId } = facts;
    this.#store.begin({ tenant, sessionId, draft, idempotency, isDurable });
  }

  /** Records the end of an execution. A failure to write is only logged: the client gets its answer all the same. */
  end(live: Pick<LiveExecution, "facts" | "hasBegun" | "output">, { hasRecord, result }: EndRecordOptions): void {
    const { id, caller: { principal: { tenant } }, sessionId } = live.facts;
    try {
      if (!(result instanceof CodeBeakerError)) {
        const raw = rawOutputOf(result, live.output);
        if (hasRecord) this.#store.end(result, raw);
        else this.#store.add({ tenant, sessionId, execution: result, raw });
      } else if (hasRecord) {
        const { code, message, details } = result;
        this.#store.fail(id, { code, message, details }, { freesKey: !live.hasBegun && TRANSIENT.includes(code) });
      }
    } catch (error) {
      log.error("execution.record_failed", { execution: id, error: messageOf(error) });
    }
  }

  /**
   * Finds the id of the execution that the caller submitted under the same idempotency key.
   *
   * @throws {CodeBeakerError} `conflict` when the key came with another request
   */
  findRepeated({ principal: { tenant } }: Caller, key: string, fingerprint: () => string): string | undefined {
    const found = this.#store.findRepeated(tenant, key);
    if (found === undefined || found.fingerprint === fingerprint()) return found?.id;
    throw new CodeBeakerError("conflict", "Cannot take the idempotency key as another request came with it before");
  }

  /**
   * Makes the report of an execution that has ended.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  report(caller: Caller, id: string): ExecutionReport {
    const found = this.#find(caller, id);
    return found.status === "failed"
      ? { status: "failed", id, error: found.error }
      : { status: "ended", execution: found.execution };
  }

  /** Lists the entries of recorded executions, as {@link ExecutionStore.list} does. */
  list(tenant: string, listing: ExecutionListing): ExecutionEntry[] {
    return this.#store.list(tenant, listing);
  }

  /**
   * Makes the events of an execution that has ended.
   *
   * @throws {CodeBeakerError} `not_found`
   */
  eventSource(caller: Caller, id: string): EventSource {
    const found = this.#find(caller, id);
    if (found.status === "failed") return recordedEvents({ kind: "failed", error: found.error });
    return recordedEvents({ kind: "ended", execution: found.execution }, found.raw);
  }

  /** Answers a repeated submit of an execution that has ended. */
  resubmit({ principal }: Caller, id: string): Submitted {
    const found = this.#store.find(principal.tenant, id);
    if (found?.status === "ended") return { id, ended: Promise.resolve(found.execution), status: "ended" };
    const { code, message, details } = found?.status === "failed"
      ? found.error
      : { code: "not_found", message: "Cannot find the first execution", details: {} } as const;
    const ended = Promise.reject(new CodeBeakerError(code, message, { details }));
    ended.catch(() => {}); // The caller may not wait for the end.
    return { id, ended, status: "failed" };
  }

  #find({ principal }: Caller, id: string): StoredExecution {
    const found = this.#store.find(principal.tenant, id);
    if (found !== undefined) return found;
    throw new CodeBeakerError("not_found", `Cannot find the execution ${JSON.stringify(id.slice(0, 64))}`);
  }
}

/** Combines an execution from its parts. */
export function toExecution(
  { id, language, sessionId, createdAt }: ExecutionFacts,
  { selection, explain }: Explained,
  { runtime, warm, attempts, ...program }: RunResult,
): Execution {
  return {
    id,
    status: "ended",
    language,
    ...(sessionId === undefined ? {} : { sessionId }),
    runtime,
    ...program,
    warm,
    ...(explain ? { selection } : {}),
    ...(explain || attempts.length > 0 ? { attempts } : {}),
    createdAt,
  };
}

/** Makes the result of a program that did not run. */
export function unrun({ chosen }: Selection): Omit<RunResult, "outcome"> {
  return { ...NOT_RUN, runtime: chosen ?? "", warm: false, usage: NOTHING_USED, attempts: [] };
}

import { existsSync } from "node:fs";
import {
  configure,
  getJsonLinesFormatter,
  getLogger,
  type LogLevel,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import { CodeBeakerError, messageOf } from "./core/errors.ts";

/** The levels of the log, from most to least output. */
export const LOG_LEVELS = ["debug", "info", "warning", "error", "fatal"] as const satisfies readonly LogLevel[];

/** The formats of lines. `auto` is text on a terminal, else JSON. */
export const LOG_FORMATS = ["auto", "pretty", "json"] as const;

/** The level, the format and the place of the log. */
export interface LogOptions {
  readonly logLevel: typeof LOG_LEVELS[number];
  readonly logFormat: typeof LOG_FORMATS[number];
  /** The file that lines are added to; stderr when absent. */
  readonly logFile?: string | undefined;
}

/** The log of this process, once it has started. */
export interface RunningLog {
  /** Opens the file of the log anew, as after it was renamed. Where that fails, the log stays in the file that it had. */
  readonly reopen: () => void;
}

/** How long lines wait for others. No request waits for its lines. */
const COLLECT_MS = 20;
/** Most lines that wait. */
const MAX_COLLECTED = 256;
/** The time between attempts to write to a reader that is behind. */
const RETRY_MS = 100;
/** Most bytes kept for a reader that is behind. Lines that come when there are more are dropped. */
const MAX_KEPT_BYTES = 1_048_576;
/** The byte that ends a line. */
const NEWLINE = 10;
/** The levels of lines that wait. Lines of other levels are written at once, behind the waiting ones. */
const PATIENT: readonly LogLevel[] = ["trace", "debug", "info"];

/** The service's log: events with facts, one a line. Silent until {@link startLog}. */
export const log = getLogger("codebeaker");

/**
 * Sends the log to a file, or else to stderr. Stdout stays free for a command's output.
 *
 * @throws {CodeBeakerError} `invalid_request` when the file cannot be opened
 */
export async function startLog({ logFile, logFormat, logLevel }: LogOptions): Promise<RunningLog> {
  const file = logFile === undefined ? undefined : openLogFile(logFile);
  const isTerminal = file === undefined && Deno.stderr.isTerminal();
  const isPretty = logFormat === "pretty" || (logFormat === "auto" && isTerminal);
  const formatter = isPretty
    ? await loadPrettyFormatter({ colors: isTerminal && !Deno.noColor })
    : getJsonLinesFormatter();
  const lines = collectLines(formatter, (bytes) => (file ?? Deno.stderr).writeSync(bytes));
  for (const end of ["unload", "error", "unhandledrejection"]) addEventListener(end, lines.flush);
  await configure({
    reset: true,
    sinks: { lines: lines.add },
    loggers: [
      { category: "codebeaker", lowestLevel: logLevel, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["lines"] },
    ],
  });
  return {
    reopen() {
      lines.flush();
      try {
        file?.reopen();
        log.info("log.reopened", { file: logFile });
      } catch (error) {
        log.error("log.reopen_failed", { file: logFile, error: messageOf(error) });
      }
    },
  };
}

/**
 * Listens for SIGHUP, which opens the file of a service's log anew. Before the log has started, the signal waits for
 * that. Where the log has no file, it ends the process from then on.
 *
 * @returns starts the log. It throws as {@link startLog} does
 */
export function prepareLog(): (options: LogOptions) => Promise<void> {
  let isWanted = false;
  let reopen = () => {
    isWanted = true;
  };
  const onHangUp = () => reopen();
  Deno.addSignalListener("SIGHUP", onHangUp);
  return async (options) => {
    const running = await startLog(options);
    if (options.logFile === undefined) return Deno.removeSignalListener("SIGHUP", onHangUp);
    reopen = running.reopen;
    if (isWanted) reopen();
  };
}

/**
 * Logs rejections that no code handles, and keeps the process. A package may have them; one would end the service with
 * every program in it.
 */
export function logUnhandledRejections(): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const { reason } = event;
    const stack = reason instanceof Error && reason.stack !== undefined ? { stack: reason.stack } : {};
    log.error("process.unhandled_rejection", { error: messageOf(reason), ...stack });
  });
}

/** A file of the log. Lines of others in it stay. */
export interface LogFile extends Disposable {
  /** Writes some of the bytes at the end of the file, and returns how many. */
  writeSync(bytes: Uint8Array): number;
  /** Opens the path anew. @throws {CodeBeakerError} as {@link openLogFile} does; then the file before stays open */
  reopen(): void;
}

/**
 * Opens a file of the log. A new one can be written by its owner and read by its group.
 *
 * @throws {CodeBeakerError} `invalid_request` when the path cannot be opened, or is no regular file
 */
export function openLogFile(path: string): LogFile {
  let file = open(path);
  return {
    writeSync: (bytes) => file.writeSync(bytes),
    reopen() {
      const fresh = open(path);
      file.close();
      file = fresh;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

function open(path: string): Deno.FsFile {
  try {
    // A pipe or a device may take forever to open or to write, and every request would wait.
    if (existsSync(path) && !Deno.statSync(path).isFile) throw new Error(`it is no regular file: ${path}`);
    return Deno.openSync(path, { append: true, create: true, mode: 0o640 });
  } catch (cause) {
    const reason = messageOf(cause);
    throw new CodeBeakerError("invalid_request", `Cannot open the log file (logFile) as ${reason}`, { cause });
  }
}

/**
 * Loads the formatter for people. It writes time, level, event and facts in one line. Values are quoted, so a value
 * cannot add a line.
 */
export async function loadPrettyFormatter(options: { readonly colors: boolean }): Promise<TextFormatter> {
  const { getPrettyFormatter } = await import("@logtape/pretty");
  const format = getPrettyFormatter({
    ...options,
    timestamp: "time",
    icons: false,
    align: false,
    wordWrap: false,
    messageColor: null,
    messageStyle: null,
  });
  return (record) => {
    const facts = Object.entries(record.properties).flatMap(([name, value]) => [` ${name}=`, value]);
    const [event = "", ...rest] = [...record.message, ...facts];
    const message = facts.length === 0 ? record.message : [`${event}${rest[0]}`, ...rest.slice(1), ""];
    return format({ ...record, category: [], message });
  };
}

/** Collects lines of the log until they are written. */
export interface CollectedLines {
  add(record: LogRecord): void;
  /** Writes the waiting lines as far as they can be written. It does not throw. */
  flush(): void;
}

/**
 * Collects lines, and writes them together in their order. The log is a best effort: lines that cannot be written are
 * dropped, as a full disk or a reader that is gone must not end the service. Where `write` throws
 * {@link Deno.errors.WouldBlock}, the rest is kept and written later. The next write that succeeds ends a line that was
 * cut, and adds the event `log.lines_dropped` with their `count`.
 *
 * @param write writes some of the bytes, and returns how many
 */
export function collectLines(format: TextFormatter, write: (bytes: Uint8Array) => number): CollectedLines {
  const waiting: LogRecord[] = [];
  let kept: Uint8Array = new Uint8Array();
  let endsLine = true;
  let latest: LogRecord | undefined;
  let droppedLines = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const records = waiting.splice(0);
    if (kept.length > MAX_KEPT_BYTES) droppedLines += records.length;
    else keep(records);
    if (kept.length === 0 || writeKept() !== "written" || droppedLines === 0 || latest === undefined) return;
    const count = droppedLines;
    keep([droppedRecord(latest, count)]);
    droppedLines = writeKept() === "failed" ? count : 0;
  }
  function keep(records: readonly LogRecord[]): void {
    const text = records.map(formatOrDrop).join("");
    if (text === "") return;
    const isCut = kept.length === 0 && !endsLine;
    const lines = new TextEncoder().encode(isCut ? `\n${text}` : text);
    const before = kept;
    kept = new Uint8Array(before.length + lines.length);
    kept.set(before);
    kept.set(lines, before.length);
  }
  function formatOrDrop(record: LogRecord): string {
    try {
      return format(record);
    } catch {
      droppedLines++; // For example, a value in it contains itself.
      return "";
    }
  }
  function writeKept(): "written" | "waits" | "failed" {
    try {
      while (kept.length > 0) {
        const count = write(kept);
        if (count > 0) endsLine = kept[count - 1] === NEWLINE;
        kept = kept.subarray(count);
      }
      return "written";
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) {
        writeLater();
        return "waits";
      }
      const ends = kept.reduce((count, byte) => byte === NEWLINE ? count + 1 : count, 0);
      droppedLines += kept[0] === NEWLINE ? ends - 1 : ends; // The first one only ends a line that was written.
      kept = new Uint8Array();
      return "failed";
    }
  }
  function writeLater(): void {
    timer = setTimeout(flush, RETRY_MS);
    Deno.unrefTimer(timer); // A reader that is behind does not keep the process.
  }
  function add(record: LogRecord): void {
    latest = record;
    waiting.push(record);
    if (waiting.length >= MAX_COLLECTED || !PATIENT.includes(record.level)) flush();
    else timer ??= setTimeout(flush, COLLECT_MS);
  }
  return { add, flush };
}

/** The event that lines were dropped, at the time of the latest record. */
function droppedRecord({ category, timestamp }: LogRecord, count: number): LogRecord {
  const event = "log.lines_dropped";
  return { category, timestamp, level: "warning", rawMessage: event, message: [event], properties: { count } };
}

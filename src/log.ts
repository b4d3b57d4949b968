import {
  configure,
  getJsonLinesFormatter,
  getLogger,
  type LogLevel,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";

/** The levels of the log, from most to least output. */
export const LOG_LEVELS = ["debug", "info", "warning", "error", "fatal"] as const satisfies readonly LogLevel[];

/** The formats of lines. `auto` is text on a terminal, else JSON. */
export const LOG_FORMATS = ["auto", "pretty", "json"] as const;

/** The level and the format of the log. */
export interface LogOptions {
  readonly logLevel: typeof LOG_LEVELS[number];
  readonly logFormat: typeof LOG_FORMATS[number];
}

/** How long lines wait for others. No request waits for its lines. */
const COLLECT_MS = 20;
/** Most lines that wait. */
const MAX_COLLECTED = 256;
/** The time between attempts to write to a reader that is behind. */
const RETRY_MS = 100;
/** Most bytes kept for a reader that is behind. Lines that come when there are more are dropped. */
const MAX_KEPT_BYTES = 1_048_576;
/** The levels of lines that wait. Lines of other levels are written at once, behind the waiting ones. */
const PATIENT: readonly LogLevel[] = ["trace", "debug", "info"];

/** The service's log: events with facts, one a line. Silent until {@link startLog}. */
export const log = getLogger("codebeaker");

/** Sends the log to stderr, so that stdout stays free for a command's output. */
export async function startLog({ logFormat, logLevel }: LogOptions): Promise<void> {
  const isTerminal = Deno.stderr.isTerminal();
  const isPretty = logFormat === "pretty" || (logFormat === "auto" && isTerminal);
  const formatter = isPretty
    ? await loadPrettyFormatter({ colors: isTerminal && !Deno.noColor })
    : getJsonLinesFormatter();
  const lines = collectLines(formatter, (bytes) => Deno.stderr.writeSync(bytes));
  for (const end of ["unload", "error", "unhandledrejection"]) addEventListener(end, lines.flush);
  await configure({
    reset: true,
    sinks: { stderr: lines.add },
    loggers: [
      { category: "codebeaker", lowestLevel: logLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
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
 * {@link Deno.errors.WouldBlock}, the rest is kept and written later.
 *
 * @param write writes some of the bytes, and returns how many
 */
export function collectLines(format: TextFormatter, write: (bytes: Uint8Array) => number): CollectedLines {
  const waiting: LogRecord[] = [];
  let kept: Uint8Array = new Uint8Array();
  let timer: ReturnType<typeof setTimeout> | undefined;
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const records = waiting.splice(0);
    try {
      if (kept.length <= MAX_KEPT_BYTES) {
        const lines = new TextEncoder().encode(records.map(format).join(""));
        const before = kept;
        kept = new Uint8Array(before.length + lines.length);
        kept.set(before);
        kept.set(lines, before.length);
      }
      while (kept.length > 0) kept = kept.subarray(write(kept));
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) writeLater();
      else kept = new Uint8Array();
    }
  }
  function writeLater(): void {
    timer = setTimeout(flush, RETRY_MS);
    Deno.unrefTimer(timer); // A reader that is behind does not keep the process.
  }
  function add(record: LogRecord): void {
    waiting.push(record);
    if (waiting.length >= MAX_COLLECTED || !PATIENT.includes(record.level)) flush();
    else timer ??= setTimeout(flush, COLLECT_MS);
  }
  return { add, flush };
}

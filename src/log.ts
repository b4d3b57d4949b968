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
  const lines = collectLines(formatter, (text) => writeAll(Deno.stderr, text));
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
  /** Writes the waiting lines. */
  flush(): void;
}

/** Collects lines, and writes them together in their order. */
export function collectLines(format: TextFormatter, write: (text: string) => void): CollectedLines {
  const waiting: LogRecord[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length > 0) write(waiting.splice(0).map(format).join(""));
  }
  function add(record: LogRecord): void {
    waiting.push(record);
    if (waiting.length >= MAX_COLLECTED || !PATIENT.includes(record.level)) flush();
    else timer ??= setTimeout(flush, COLLECT_MS);
  }
  return { add, flush };
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

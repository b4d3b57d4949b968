import {
  configure,
  getConsoleSink,
  getJsonLinesFormatter,
  getLogger,
  type LogLevel,
  type TextFormatter,
} from "@logtape/logtape";

/** How much is written, from most to least. */
export const LOG_LEVELS = ["debug", "info", "warning", "error", "fatal"] as const satisfies readonly LogLevel[];

/** How lines are written: as text for people, as JSON, or as it suits where they go. */
export const LOG_FORMATS = ["auto", "pretty", "json"] as const;

/** What is logged, and how. */
export interface LogOptions {
  readonly logLevel: typeof LOG_LEVELS[number];
  readonly logFormat: typeof LOG_FORMATS[number];
}

/** The service's log: events with facts, one a line. Silent until {@link startLog}. */
export const log = getLogger("codebeaker");

/** Sends the log to stderr, so that stdout stays free for what a command prints. */
export async function startLog({ logFormat, logLevel }: LogOptions): Promise<void> {
  const isTerminal = Deno.stderr.isTerminal();
  const isPretty = logFormat === "pretty" || (logFormat === "auto" && isTerminal);
  const formatter = isPretty
    ? await loadPrettyFormatter({ colors: isTerminal && !Deno.noColor })
    : getJsonLinesFormatter();
  await configure({
    reset: true,
    sinks: { stderr: getConsoleSink({ formatter, levelMap: toStderr }) },
    loggers: [
      { category: "codebeaker", lowestLevel: logLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

/** Loads the formatter for people: time, level, event and facts in one line. Values are quoted, so none is a line. */
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

const toStderr = {
  trace: "error",
  debug: "error",
  info: "error",
  warning: "error",
  error: "error",
  fatal: "error",
} as const;

import { configure, getConsoleSink, getJsonLinesFormatter, getLogger, type LogLevel } from "@logtape/logtape";

/** How much is written, from most to least. */
export const LOG_LEVELS = ["debug", "info", "warning", "error", "fatal"] as const satisfies readonly LogLevel[];

/** The service's log: one JSON object a line. Silent until {@link startLog}. */
export const log = getLogger("codebeaker");

/** Sends the log to stderr, so that stdout stays free for what a command prints. */
export async function startLog(level: typeof LOG_LEVELS[number]): Promise<void> {
  await configure({
    reset: true,
    sinks: { stderr: getConsoleSink({ formatter: getJsonLinesFormatter(), levelMap: toStderr }) },
    loggers: [
      { category: "codebeaker", lowestLevel: level, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

const toStderr = {
  trace: "error",
  debug: "error",
  info: "error",
  warning: "error",
  error: "error",
  fatal: "error",
} as const;

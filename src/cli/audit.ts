import type { Command } from "commander";
import { openHomeStorage } from "../compose/home_storage.ts";
import { loadConfig } from "../config.ts";
import { CodeBeakerError } from "../core/errors.ts";
import type { CommandContext } from "./context.ts";
import { parseLimit } from "./limit_flag.ts";
import { type Palette, paletteFor } from "./palette.ts";
import { addSettings, settingsFor } from "./settings.ts";

interface AuditFlags {
  readonly json?: true;
  readonly since?: string;
  readonly limit?: string;
  readonly [setting: string]: unknown;
}

/** Lines that are read at once. */
const PAGE = 500;

/**
 * Defines `codebeaker audit`, which prints the audit log, oldest line first. It prints text on a terminal, lines of
 * JSON elsewhere.
 */
export function defineAudit(command: Command, context: CommandContext): void {
  command
    .option("--json", "print lines of JSON also on a terminal")
    .option("--since <time>", "only what happened from this time on (ISO 8601; without a zone it is UTC)")
    .option("--limit <count>", "at most so many lines (default: all)");
  addSettings(command, settingsFor("audit")).action((flags: AuditFlags) => printAudit(flags, context));
}

async function printAudit(
  { json, since, limit, ...settings }: AuditFlags,
  { print, stdout }: CommandContext,
): Promise<void> {
  const from = since === undefined ? undefined : parseTime(since);
  let left = limit === undefined ? Infinity : parseLimit(limit, "read the audit log");
  const toLine: (entry: ShownEntry) => string = json || !stdout.isTerminal()
    ? (entry) => JSON.stringify(entry)
    : (entry) => describeEntry(entry, paletteFor(stdout));
  using storage = openHomeStorage(await loadConfig(settings));
  for (let after = 0; left > 0;) {
    const entries = storage.audit.read({ after, since: from, limit: Math.min(left, PAGE) });
    const last = entries.at(-1);
    if (last === undefined) return;
    if (!await print(entries.map(toLine).join("\n"))) return;
    left -= entries.length;
    after = last.number;
  }
}

/** The shown fields of an entry of the log. */
interface ShownEntry {
  readonly at: string;
  readonly key: string | null;
  readonly action: string;
  readonly subject: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Formats a line of the log for people. A text that a client may have chosen is quoted. */
export function describeEntry({ at, key, action, subject, facts }: ShownEntry, palette: Palette): string {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  const shown = known.map(([name, value]) => `${name}=${plainOrJson(value)}`);
  const what = subject === null ? [] : [plainOrJson(subject)];
  const whose = key === null ? [] : [`by ${plainOrJson(key)}`];
  return [at, palette.title(action), ...what, ...whose, ...shown].join("  ");
}

function plainOrJson(value: unknown): string {
  return typeof value === "string" && /^[\w.:/-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Parses a time in ISO 8601, into the form of the log's times. */
function parseTime(text: string): string {
  const [, day, time = "T00:00", zone = "Z"] =
    /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? [];
  const date = new Date(`${day}${time}${zone}`);
  if (day === undefined || Number.isNaN(date.getTime())) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot read the audit log as --since must be a time such as 2026-11-25T08:00:00Z: current value is ${
        JSON.stringify(text)
      }`,
    );
  }
  return date.toISOString();
}

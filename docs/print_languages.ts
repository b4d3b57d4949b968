import { type LanguageCosts, measureLanguages } from "../bench/language_costs.ts";
import { capabilitiesIn } from "../src/core/capabilities.ts";
import type { RuntimeHost } from "../src/runtimes/port.ts";
import { createRuntimes, RUNTIMES } from "../src/runtimes/registry.ts";
import { configureEnvironment } from "../tests/support/configure_environment.ts";
import { openRuntimeHost } from "../tests/support/runtime_host.ts";
import { formatMarkdown } from "./print_configuration.ts";

/** The page of the table. */
const PAGE = new URL("selection.md", import.meta.url);
/** The columns that are the same on every machine with all layers, and those that are measured. */
const COLUMNS = ["language", "runtime", "level", "contexts", "declared", "warm start", "memory"];
const MEASURED_COLUMNS = 2;
/** The cell of a figure that was not measured. */
const UNKNOWN = "–";

/** A language on a runtime, and what that declares. */
export interface LanguageRow {
  readonly language: string;
  readonly runtime: string;
  /** The isolation of a program without permissions, on this host. */
  readonly level: number;
  readonly hasContexts: boolean;
  readonly startupMs: number;
  readonly memoryMb: number;
}

/** Every language on every runtime, whether it is available or not; runtimes of one language come together. */
export async function listLanguages(host: RuntimeHost): Promise<LanguageRow[]> {
  const facts = new Map(RUNTIMES.map((entry) => [entry.name, entry.facts(host)]));
  const rows: LanguageRow[] = [];
  for (const runtime of createRuntimes(host)) {
    await using owned = runtime;
    for (const language of owned.supportedEnvironments) {
      const { isolation } = await owned.assess(configureEnvironment(language), { assumesUntested: true });
      const { memoryOverheadMB, startupTimeMs } = capabilitiesIn(
        { capabilities: owned.getCapabilities(), costs: facts.get(owned.name)?.costs },
        language,
      );
      rows.push({
        language,
        runtime: owned.name,
        level: isolation.level,
        hasContexts: owned.contextEnvironments.includes(language),
        startupMs: startupTimeMs,
        memoryMb: memoryOverheadMB,
      });
    }
  }
  return [...Map.groupBy(rows, ({ language }) => language).values()].flat();
}

/** The measured cells of rows, by runtime and language with a space between. */
type MeasuredCells = ReadonlyMap<string, readonly string[]>;

/** The table in Markdown that is not formatted yet. */
export function renderLanguages(rows: readonly LanguageRow[], measured: MeasuredCells): string {
  const lines = rows.map(({ hasContexts, language, level, memoryMb, runtime, startupMs }) => [
    `\`${language}\``,
    `\`${runtime}\``,
    level,
    hasContexts ? "yes" : "no",
    `${startupMs} ms, ${memoryMb} MB`,
    ...measured.get(`${runtime} ${language}`) ?? Array(MEASURED_COLUMNS).fill(UNKNOWN),
  ]);
  return [COLUMNS, COLUMNS.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** The rows of a page's table, without the columns that are measured and without padding. */
export function unmeasuredRows(markdown: string): string[] {
  return rowsOf(markdown).map((cells) => cells.slice(0, -MEASURED_COLUMNS).join(" | "));
}

/** The measured cells of a page. */
function measuredCellsOf(markdown: string): MeasuredCells {
  return new Map(
    rowsOf(markdown).map(([language = "", runtime = "", ...cells]) => [
      `${runtime} ${language}`.replaceAll("`", ""),
      cells.slice(-MEASURED_COLUMNS),
    ]),
  );
}

function cellsOf({ memoryMb, startupMs }: LanguageCosts): string[] {
  return [
    `${startupMs.toFixed(startupMs < 10 ? 1 : 0)} ms`,
    memoryMb === undefined ? UNKNOWN : `${Math.max(1, Math.round(memoryMb))} MB`,
  ];
}

/** The rows of the table in a page, the header among them. */
function rowsOf(markdown: string): string[][] {
  return tableOf(markdown).trimEnd().split("\n").map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replace(/^-+$/, "-"))
  );
}

/** The table in a page. @throws {Error} where there is none */
function tableOf(page: string): string {
  const [found] = /^\| language +\| runtime +\|.*\n(?:\|.*\n)+/m.exec(page) ?? [];
  if (found === undefined) throw new Error("The page has no table of languages");
  return found;
}

// Without arguments all runtimes are measured, else those that the arguments name: the page keeps the others' cells.
if (import.meta.main) {
  await using host = await openRuntimeHost();
  const rows = await listLanguages(host);
  const page = await Deno.readTextFile(PAGE);
  const chosen = rows.filter(({ runtime }) => Deno.args.length === 0 || Deno.args.includes(runtime));
  const costs = await measureLanguages(chosen);
  const cells = new Map(measuredCellsOf(page));
  for (const { language, runtime } of chosen) cells.delete(`${runtime} ${language}`);
  for (const [name, found] of costs) cells.set(name, cellsOf(found));
  const table = renderLanguages(rows, cells);
  await Deno.writeTextFile(PAGE, await formatMarkdown(page.replace(tableOf(page), () => table)));
}

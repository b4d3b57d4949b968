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

/** The table in Markdown that is not formatted yet. Costs are those that {@link measureLanguages} returns. */
export function renderLanguages(rows: readonly LanguageRow[], costs: ReadonlyMap<string, LanguageCosts>): string {
  const lines = rows.map(({ hasContexts, language, level, memoryMb, runtime, startupMs }) => {
    const measured = costs.get(`${runtime} ${language}`);
    return [
      `\`${language}\``,
      `\`${runtime}\``,
      level,
      hasContexts ? "yes" : "no",
      `${startupMs} ms, ${memoryMb} MB`,
      measured === undefined ? UNKNOWN : `${measured.startupMs.toFixed(measured.startupMs < 10 ? 1 : 0)} ms`,
      measured?.memoryMb === undefined ? UNKNOWN : `${Math.max(1, Math.round(measured.memoryMb))} MB`,
    ];
  });
  return [COLUMNS, COLUMNS.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** The rows of the page's table, without the columns that are measured and without padding. */
export function unmeasuredRows(markdown: string): string[] {
  return tableOf(markdown).trimEnd().split("\n").map((line) =>
    line.split("|").slice(1, 1 + COLUMNS.length - MEASURED_COLUMNS).map((cell) => cell.trim().replace(/^-+$/, "-"))
      .join(" | ")
  );
}

/** The table in a page. @throws {Error} where there is none */
function tableOf(page: string): string {
  const [found] = /^\| language +\| runtime +\|.*\n(?:\|.*\n)+/m.exec(page) ?? [];
  if (found === undefined) throw new Error("The page has no table of languages");
  return found;
}

if (import.meta.main) {
  await using host = await openRuntimeHost();
  const rows = await listLanguages(host);
  const table = renderLanguages(rows, await measureLanguages(rows));
  const page = await Deno.readTextFile(PAGE);
  await Deno.writeTextFile(PAGE, await formatMarkdown(page.replace(tableOf(page), () => table)));
}

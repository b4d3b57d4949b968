import type { FactsHost, RuntimeFacts } from "../entry.ts";
import { uncheckedFacts } from "../process/unchecked_facts.ts";
import type { LanguageRow } from "./languages/row.ts";
import { languagesOf, RUNTIME_NAME } from "./settings.ts";

/** The facts of this runtime before it is loaded. */
export function nativeFacts(host: FactsHost): RuntimeFacts {
  const languages = languagesOf(host);
  const names = (has: (row: LanguageRow) => boolean) =>
    Object.entries(languages).flatMap(([name, row]) => has(row) ? [name] : []);
  return uncheckedFacts({
    name: RUNTIME_NAME,
    type: "NativeProcess",
    supportedEnvironments: Object.keys(languages),
    contextEnvironments: names(({ interpreter }) => interpreter !== undefined),
    warmEnvironments: host.confinement.separatesProcesses ? Object.keys(languages) : [],
    startupTimeMs: 60,
    memoryOverheadMB: 15,
    costs: Object.fromEntries(Object.entries(languages).map(([name, { costs = {} }]) => [name, costs])),
  }, host);
}

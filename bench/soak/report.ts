import type { Footprint } from "../../tests/support/footprint.ts";
import { median, printTable, quantile } from "../table.ts";
import type { Slowdown } from "./latency.ts";
import type { Ledger, LedgerCheck } from "./ledger.ts";

const MAX_GROWTH = 1.1;

/** Samples of the lasting service until a number of executions. */
export interface Window {
  readonly until: number;
  /** Latencies of the plain program, in ms. */
  readonly helloMs: number[];
  readonly residentMb: number[];
}

/** What a soak found. */
export interface Findings {
  readonly count: number;
  readonly minutes: number;
  readonly killedPrograms: number;
  readonly services: readonly {
    readonly name: string;
    readonly ledger: Ledger;
    readonly check: LedgerCheck;
  }[];
  readonly footprint: Footprint;
  readonly windows: readonly Window[];
  readonly slowdown: Slowdown;
}

/** Prints a soak's tables. */
export function printFindings({ footprint, services, slowdown, windows, ...soak }: Findings): void {
  printTable(
    `A soak of ${soak.count} executions in ${soak.minutes.toFixed(1)} minutes; ${soak.killedPrograms} programs killed`,
    ["service", "acknowledged", "ended or interrupted", "lost", "refused as busy", "unexpected answers"],
    services.map(({ check, ledger, name }) => ({
      name,
      cells: [ledger.acknowledged, check.ended, check.lost.length, ledger.refused, ledger.unexpected.length].map(
        String,
      ),
    })),
  );
  printTable(
    "Left behind by the services",
    ["kind", "left"],
    Object.entries(footprint).map(([name, found]) => ({ name, cells: [String(found.length)] })),
  );
  printTable(
    "Memory, and the latency of a plain program under this load, by window",
    ["until execution", "resident, p50", "of the first", "latency, p50", "p95"],
    windows.map((window) => ({
      name: String(window.until),
      cells: [
        `${median(window.residentMb).toFixed(0)} MB`,
        growthOf(window, windows).toFixed(2),
        `${median(window.helloMs).toFixed(1)} ms`,
        `${quantile(window.helloMs, 0.95).toFixed(1)} ms`,
      ],
    })),
  );
  printTable(
    "The latency of a plain program, in turns with a fresh service",
    ["service", "ratio", "at least, 97.5 %"],
    [
      { name: "the lasting service, at its end", cells: [slowdown.ratio.toFixed(2), slowdown.atLeast.toFixed(2)] },
    ],
  );
}

/** Everything a soak found that must not be, a line each; none when all is well. */
export function faultsIn({ footprint, killedPrograms, services, slowdown, windows }: Findings): string[] {
  return [
    ...services.flatMap(({ check, ledger }) => [...check.lost, ...ledger.unexpected]),
    ...Object.entries(footprint).flatMap(([kind, found]) => found.map((one: string) => `left in ${kind}: ${one}`)),
    ...windows.filter((window) => !(growthOf(window, windows) <= MAX_GROWTH)).map((window) =>
      `memory until execution ${window.until}: ${growthOf(window, windows).toFixed(2)} of the first window's`
    ),
    ...(slowdown.atLeast <= MAX_GROWTH ? [] : [
      `latency: ${slowdown.ratio.toFixed(2)} of a fresh service's, at least ${slowdown.atLeast.toFixed(2)}`,
    ]),
    ...(killedPrograms > 0 ? [] : ["no program was killed: this soak has not tried what it is for"]),
  ];
}

function growthOf({ residentMb }: Window, [first]: readonly Window[]): number {
  return median(residentMb) / median(first?.residentMb ?? []);
}

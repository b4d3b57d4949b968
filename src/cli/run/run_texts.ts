import type { Denial, Denials, Remedy } from "../../core/denials/denial.ts";
import type { Execution, Outcome } from "../../core/execution.ts";
import { describeNeed, type Needs } from "../../core/needs.ts";
import type { Selection } from "../../core/selection.ts";
import type { CommandContext } from "../context.ts";
import { formatTable } from "../output.ts";
import { type Palette, paletteFor } from "../palette.ts";

/** Shows what a compiler printed, a program's denials, and an outcome other than an exit. */
export async function showEnd(
  execution: Pick<Execution, "compile" | "denials" | "denialsOmitted" | "notes" | "outcome">,
  { stderr, printError }: Pick<CommandContext, "stderr" | "printError">,
): Promise<void> {
  const palette = paletteFor(stderr);
  const { compile } = execution;
  const printed = compile === undefined ? "" : `${compile.stdout}${compile.stderr}`.trimEnd();
  if (printed !== "") await printError(printed);
  const ending = describeEnding(execution.outcome, palette);
  const notes = (execution.notes ?? []).map(({ module, remedy }) =>
    `missing module ${module}: ${palette.hint(remedy)}`
  );
  const lines = [...describeDenials(execution, palette), ...notes, ...(ending === undefined ? [] : [ending])];
  for (const line of lines) await printError(`codebeaker: ${line}`);
}

/** Describes a program's denials, each with its remedy. */
export function describeDenials({ denials, denialsOmitted = 0 }: Denials, palette: Palette): string[] {
  const lines = denials.map((denial) => `${palette.bad("denied")}: ${describeDenial(denial, palette)}`);
  return denialsOmitted === 0 ? lines : [...lines, `${palette.bad("denied")}: ${denialsOmitted} more`];
}

function describeDenial({ kind, target, at, rule, remedy }: Denial, palette: Palette): string {
  const place = at === undefined ? "" : ` at ${at}`;
  return `${kind} ${target}${place} (${remedy === undefined ? rule : palette.hint(formatRemedy(remedy))})`;
}

/** Formats the fields that a remedy sets, with their values. */
function formatRemedy({ permissions }: Remedy): string {
  return Object.entries(permissions).map(([name, value]) => `permissions.${name}: ${JSON.stringify(value)}`).join(", ");
}

/** Describes an outcome other than an exit; undefined for an exit. */
export function describeEnding(outcome: Outcome, palette: Palette): string | undefined {
  if (outcome.kind === "exited") return undefined;
  const { kind, ...facts } = outcome;
  const shown = Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(", ");
  return `${palette.bad(kind)}${shown === "" ? "" : ` (${shown})`}`;
}

/** Describes a program's needs; empty where none are reported. */
function describeNeeds(needs: Needs | undefined): string {
  if (needs === undefined) return "";
  const uses = needs.uses.map(describeNeed);
  const rest = needs.known ? [] : [`not known (${needs.reason})`];
  const all = [...uses, ...rest];
  return `Needs: ${all.length === 0 ? "only the language" : all.join(", ")}\n`;
}

/** Formats a selection as a table. */
export function describeSelection({ chosen, preference, floor, candidates, needs }: Selection): string {
  const rows = candidates.map(({ runtime, score, inputs, lacks, rejectedBecause }) => [
    runtime,
    rejectedBecause === undefined
      ? `score ${score?.toFixed(2)}${lacks === undefined ? "" : `, lacks ${lacks}`}`
      : `rejected (${rejectedBecause.code}): ${rejectedBecause.detail}`,
    `${inputs.startupMs} ms, ${inputs.memoryMb} MB, isolation ${inputs.isolationLevel} (${inputs.source})`,
  ]);
  return `Chosen: ${chosen ?? "none"} (preference ${preference}, isolation floor ${floor})\n${describeNeeds(needs)}${
    formatTable(["RUNTIME", "RESULT", "INPUTS"], rows)
  }`;
}

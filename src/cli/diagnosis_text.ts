import { MAX_ISOLATION } from "../core/answers/vocabulary.ts";
import type { RuntimeDiagnosis, ServiceDiagnosis } from "../core/diagnosis.ts";
import type { Palette } from "./palette.ts";

/** A line of a diagnosis: whether it is good, and a remedy otherwise. */
interface Line {
  readonly good: boolean;
  readonly name: string;
  readonly detail: string;
  readonly remedy?: string | undefined;
}

/** Formats a diagnosis for people. */
export function describeDiagnosis(diagnosis: ServiceDiagnosis, palette: Palette): string {
  const { budgetMb, machineMb } = diagnosis.memory;
  const memory = { name: "memory", good: true, detail: `programs may take ${budgetMb} of ${machineMb} MB together` };
  return [
    section("This machine, and the service on it", [...diagnosis.checks, memory], palette),
    ...diagnosis.runtimes.map((runtime) => describeRuntime(runtime, palette)),
    conclude(diagnosis, palette),
  ].join("\n\n");
}

function describeRuntime(diagnosis: RuntimeDiagnosis, palette: Palette): string {
  const { available, canaries, languages = [], layers, level, next, reason, remedy, runtime } = diagnosis;
  const state = available
    ? palette.good(`available, isolation ${level} of ${MAX_ISOLATION}`)
    : palette.bad(`unavailable: ${reason ?? "no reason is known"}`);
  const parts = [
    available || remedy === undefined || remedy === next?.remedy ? "" : palette.hint(`→ ${remedy}`),
    section("Layers", layers.map(({ active, ...layer }) => ({ good: active, ...layer })), palette),
    section(
      "Canaries",
      canaries.map(({ detail, kept, name, promise }) => ({
        good: kept,
        name,
        detail: kept ? promise : `${promise}. Seen: ${detail ?? "nothing"}`,
      })),
      palette,
    ),
    section("Languages", languages.map(({ isHere, ...language }) => ({ good: isHere, ...language })), palette),
    next === undefined ? "" : `${palette.title(`To reach ${next.level}`)}: ${next.remedy}`,
  ];
  const indented = parts.filter((part) => part !== "").map((part) => part.replaceAll(/^(?=.)/gm, "  "));
  return [`${palette.title(runtime)}: ${state}`, ...indented].join("\n");
}

function section(title: string, lines: readonly Line[], palette: Palette): string {
  if (lines.length === 0) return "";
  const width = Math.max(...lines.map(({ name }) => name.length));
  const shown = lines.map(({ detail, good, name, remedy }) => {
    const sign = good ? palette.good("✓") : palette.bad("✗");
    const text = `  ${sign} ${name.padEnd(width)}  ${detail}`;
    return remedy === undefined ? text : `${text}\n${" ".repeat(width + 6)}${palette.hint(`→ ${remedy}`)}`;
  });
  return [palette.title(title), ...shown].join("\n");
}

function conclude({ floor, floorReached, runtimes }: ServiceDiagnosis, palette: Palette): string {
  const broken = runtimes.flatMap(({ canaries, runtime }) =>
    canaries.flatMap(({ kept, name }) => kept ? [] : `${runtime}/${name}`)
  );
  return [
    floorReached
      ? palette.good(`The isolation floor ${floor} is reached.`)
      : palette.bad(`No runtime reaches the isolation floor ${floor}: make one available, or lower --min-isolation.`),
    ...(broken.length === 0 ? [] : [palette.bad(`Broken canaries: ${broken.join(", ")}.`)]),
  ].join("\n");
}

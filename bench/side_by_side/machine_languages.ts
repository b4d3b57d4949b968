import { join } from "@std/path";
import type { Target } from "../targets.ts";
import { printTable, type Row } from "../table.ts";
import { PROGRAMS } from "../programs.ts";
import { type Contender, measureInTurns } from "./contenders.ts";
import { installedBinary } from "./installed.ts";
import { type MachineLanguage, NATIVE_LANGUAGES, type Pace } from "./native_languages.ts";
import { checkEnd, execute, type Services, untilPrepared } from "./services.ts";

/** How often a client asks, where the language says nothing else. */
const PACE: Pace = { learning: 60, rounds: 60, thoughtMs: 60 };

const LANGUAGES: readonly MachineLanguage[] = [
  {
    language: "python",
    runtime: "native",
    file: "main.py",
    bare: "/usr/bin/python3",
    warmAtMost: 0.6,
    coldAtMostMs: 18,
  },
  {
    language: "node",
    runtime: "node",
    file: "main.js",
    bare: installedBinary("node"),
    warmAtMost: 0.4,
    coldAtMostMs: 18,
  },
  {
    language: "typescript",
    runtime: "node",
    file: "main.ts",
    bare: installedBinary("node"),
    warmAtMost: 0.25,
    coldAtMostMs: 18,
  },
  {
    language: "bun",
    runtime: "bun",
    file: "main.ts",
    bare: installedBinary("bun"),
    warmAtMost: 1.3,
    coldAtMostMs: 18,
  },
  ...NATIVE_LANGUAGES,
];

/** The p50 of a language's contenders, in ms. */
type Times = Record<"bare" | "cold" | "warm", number>;

/**
 * Measures each language of this machine against its bare binary, in turns.
 *
 * @param options.dockerRunMs the p50 of a `docker run --rm` of the same Python program; absent without an Engine
 * @param options.names languages on whatever runtime has them; empty, all
 * @throws {Error} for a name that the bench does not know
 */
export async function benchMachineLanguages(
  services: Services,
  { directory, dockerRunMs, names = [] }: {
    readonly directory: string;
    readonly dockerRunMs: number | undefined;
    readonly names?: readonly string[];
  },
): Promise<Target[]> {
  const unknown = names.find((name) => !LANGUAGES.some(({ language }) => language === name));
  if (unknown !== undefined) throw new Error(`The bench measures no language of this machine by the name ${unknown}`);
  const targets: Target[] = [];
  const rows: Row[] = [];
  for (const subject of LANGUAGES) {
    if (names.length > 0 && !names.includes(subject.language)) continue;
    const { bare, pace = PACE } = subject;
    if (bare === undefined) continue;
    const contenders = await contendersOf({ ...subject, bare }, services, directory);
    const times = await measureInTurns(contenders, pace);
    rows.push(rowOf(subject, times));
    targets.push(...targetsOf(subject, times));
    if (dockerRunMs === undefined || subject.language !== "python") continue;
    const work = "one-shot python without a container, warm, by `docker run --rm`";
    targets.push({ id: "P10", work, unit: "×", measured: times.warm / dockerRunMs, atMost: 0.05 });
  }
  printTable("Programs in languages of this machine, p50: a bare run, and one-shots over HTTP", HEADER, rows);
  return targets;
}

async function contendersOf(
  { bare, bareWords = [], file, language, runtime }: MachineLanguage & { readonly bare: string },
  { cold, warm }: Services,
  directory: string,
): Promise<Record<keyof Times, Contender>> {
  const code = PROGRAMS[language];
  const path = join(directory, file);
  await Deno.writeTextFile(path, code);
  const request = { language, runtime, code };
  for (const client of [cold, warm]) await untilPrepared(client, request);
  return {
    bare: {
      name: "a bare run, not confined",
      run: async () => {
        const { stdout } = await new Deno.Command(bare, { args: [...bareWords, path], stdin: "null" }).output();
        checkEnd({ stdout: new TextDecoder().decode(stdout) });
      },
    },
    cold: { name: "one-shot over HTTP, confined, cold", run: () => execute(cold, request) },
    warm: { name: "one-shot over HTTP, confined, warm", isWarm: true, run: () => execute(warm, request) },
  };
}

/** The columns of the table. */
const HEADER = ["language", "bare", "cold", "warm", "cold beyond bare", "warm by bare"];

function rowOf({ language, runtime }: MachineLanguage, { bare, cold, warm }: Times): Row {
  const times = [bare, cold, warm, cold - bare].map((ms) => `${ms.toFixed(1)} ms`);
  return { name: `${language} on ${runtime}`, cells: [...times, (warm / bare).toFixed(2)] };
}

function targetsOf({ coldAtMostMs, language, runtime, warmAtMost }: MachineLanguage, times: Times): Target[] {
  const what = `one-shot ${language} on ${runtime}`;
  const warm: Target[] = warmAtMost === undefined ? [] : [{
    id: "P10",
    work: `${what}, warm, by the bare binary`,
    unit: "×",
    measured: times.warm / times.bare,
    atMost: warmAtMost,
  }];
  return [
    ...warm,
    {
      id: "P10",
      work: `${what}, cold, beyond the bare binary`,
      unit: "ms",
      measured: times.cold - times.bare,
      atMost: coldAtMostMs,
    },
  ];
}

import type { MachineLanguage, Pace } from "./machine_languages.ts";

/** Of what takes a second to start, the pool has one ready for a client that thinks for as long. */
const SLOWLY: Pace = { learning: 6, rounds: 12, thoughtMs: 1_000 };
const COMPILE_AND_RUN = 'gcc -std=gnu17 -O2 -o "$0.out" "$0" && exec "$0.out"';

/** Languages whose rows differ by how they wait, with the flags that their rows have where those change their speed. */
export const NATIVE_LANGUAGES: readonly MachineLanguage[] = [
  { ...native("perl", "main.pl", "/usr/bin/perl"), warmAtMost: 1.6 },
  { ...native("lua", "main.lua", "/usr/bin/lua5.4"), warmAtMost: 2.4 },
  { ...native("php", "main.php", "/usr/bin/php"), bareWords: ["-n"], warmAtMost: 0.3 },
  {
    ...native("ruby", "main.rb", "/usr/bin/ruby"),
    warmAtMost: 0.15,
    pace: { learning: 30, rounds: 30, thoughtMs: 200 },
  },
  { ...native("r", "main.R", "/usr/bin/Rscript"), bareWords: ["--vanilla"], warmAtMost: 0.15, pace: SLOWLY },
  {
    ...native("java", "main.java", "/usr/bin/java"),
    bareWords: ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
    warmAtMost: 0.15,
    pace: SLOWLY,
  },
  { ...native("c", "main.c", "/bin/sh"), bareWords: ["-c", COMPILE_AND_RUN], warmAtMost: 1.05 },
];

/** What all of them have in common. */
function native(
  language: MachineLanguage["language"],
  file: string,
  bare: string,
): Pick<MachineLanguage, "language" | "runtime" | "file" | "bare" | "coldAtMostMs"> {
  return { language, runtime: "native", file, bare: isThere(bare) ? bare : undefined, coldAtMostMs: 18 };
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

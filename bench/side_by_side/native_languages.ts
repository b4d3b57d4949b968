import type { PROGRAMS } from "../programs.ts";
import type { measureInTurns } from "./contenders.ts";

/** How often a client asks: `thoughtMs` is its pause between two requests. */
export type Pace = Parameters<typeof measureInTurns>[1];

/** A language of this machine that runs without a container, and its bounds. */
export interface MachineLanguage {
  readonly language: keyof typeof PROGRAMS;
  readonly runtime: string;
  readonly file: string;
  /** The bare binary; undefined where it is not installed. */
  readonly bare: string | undefined;
  /** What its command line has before the file; absent, nothing. */
  readonly bareWords?: readonly string[];
  /** What starts for longer than a client pauses otherwise has a slower one; absent, it is as for the others. */
  readonly pace?: Pace;
  /** The largest ratio of a warm one-shot to a bare run; absent, the design has none. */
  readonly warmAtMost?: number;
  /** How much longer a cold one-shot may take than a bare run, in ms. */
  readonly coldAtMostMs: number;
}

/** Of what takes a second to start, the pool has one ready for a client that thinks for as long. */
const SLOWLY: Pace = { learning: 6, rounds: 12, thoughtMs: 1_000 };
/** A compiler takes up to a quarter of a second. */
const COMPILED: Pace = { learning: 6, rounds: 30, thoughtMs: 200 };

/** Other languages, with the flags that their rows have where those change their speed. */
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
  // A shell waits for these: it starts what takes no time to start.
  native("bash", "main.sh", "/usr/bin/bash"),
  native("sh", "main.sh", "/usr/bin/sh"),
  compiled("c", "main.c", "/usr/bin/gcc", ["-std=gnu17", "-O2"]),
  compiled("cpp", "main.cpp", "/usr/bin/g++", ["-std=gnu++20", "-O2"]),
  compiled("rust", "main.rs", "/usr/bin/rustc", ["--edition=2021", "-O", "-Cstrip=debuginfo"]),
  // Go compiles no text twice, and keeps its packages for both: each bare run has another text.
  compiled("go", "main.go", "/usr/bin/go", ["build", "-ldflags=-s"], 'echo "// $$" >>"$0"; '),
];

/** What all of them have in common. */
function native(
  language: MachineLanguage["language"],
  file: string,
  bare: string,
): Pick<MachineLanguage, "language" | "runtime" | "file" | "bare" | "coldAtMostMs"> {
  return { language, runtime: "native", file, bare: isThere(bare) ? bare : undefined, coldAtMostMs: 18 };
}

/** A language whose bare run is that of its compiler, after the steps of a shell, and then of the program. */
function compiled(
  language: MachineLanguage["language"],
  file: string,
  compiler: string,
  flags: readonly string[],
  before = "",
): MachineLanguage {
  const line = `${before}${[compiler, ...flags].join(" ")} -o "$0.out" "$0" && exec "$0.out"`;
  const bare = isThere(compiler) ? "/bin/sh" : undefined;
  return { ...native(language, file, compiler), bare, bareWords: ["-c", line], warmAtMost: 1.05, pace: COMPILED };
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

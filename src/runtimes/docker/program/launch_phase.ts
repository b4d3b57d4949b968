import { BoundedOutput } from "../../../core/bytes/bounded_output.ts";
import type { CompileResult, OutputChunk } from "../../../core/execution.ts";
import type { Limits } from "../../../core/limits.ts";
import { ENDING_WORDS, outcomeOf, parseDisk, parseEnding } from "./ending.ts";
import type { LauncherEvent } from "./launcher_output.ts";

/** What is told of the last words of a launcher that failed. */
const MAX_SAID_BYTES = 500;

/** How the time before a program's begin ended. */
export type Launch =
  | {
    readonly kind: "ready";
    readonly cpuNs: number | null;
    readonly compile?: CompileResult;
    /** What the program has printed already: the two streams overtake one another. */
    readonly first: readonly OutputChunk[];
  }
  | { readonly kind: "not_compiled"; readonly compile: CompileResult }
  /** The workspace does not take the files that were to go in. */
  | { readonly kind: "not_unpacked" }
  | { readonly kind: "ended"; readonly said: string };

/** What the service does while a launcher is at work. */
export interface LaunchObserver {
  /** The launcher's process, as the container counts. */
  onLaunched(pid: number): void;
  /** The compiler has ended well; the program begins when this returns. */
  onCompiled(): Promise<void>;
  /** Sees everything that is printed, the compiler's output and the program's first. */
  onOutput(bytes: number): void;
}

/** Reads what a launcher tells until its program may begin, and keeps what the compiler prints. */
export async function awaitReady(
  items: AsyncGenerator<OutputChunk | LauncherEvent>,
  { limits, compiles, observer }: {
    readonly limits: Limits;
    readonly compiles: boolean;
    readonly observer: LaunchObserver;
  },
): Promise<Launch> {
  const early = new BoundedOutput(MAX_SAID_BYTES);
  const compiler = {
    stdout: new BoundedOutput(limits.maxOutputBytes),
    stderr: new BoundedOutput(limits.maxOutputBytes),
  };
  const first: OutputChunk[] = [];
  const compiled = { stdout: !compiles, stderr: !compiles };
  let compile: CompileResult | undefined;
  for (let next = await items.next(); !next.done; next = await items.next()) {
    const item = next.value;
    if (!("words" in item)) {
      observer.onOutput(item.bytes.length);
      early.push(item.bytes);
      if (item.stream === "stdout" && compiled.stdout) first.push(item);
      else compiler[item.stream].push(item.bytes);
      continue;
    }
    const [name, ...words] = item.words;
    if (name === "launched") observer.onLaunched(Number(words[0]));
    if (name === "unpacked" && words[0] !== "0") {
      return words[1] === "1" ? { kind: "not_unpacked" } : { kind: "ended", said: "the files cannot be unpacked" };
    }
    if (name === "compiled") compiled[item.stream] = true;
    if (name === "compiled" && compiled.stdout && compiled.stderr) {
      const ending = parseEnding(words);
      if (ending === undefined) continue;
      const disk = parseDisk(words.slice(ENDING_WORDS));
      const outcome = outcomeOf(ending, { disk, limits, peakMemoryBytes: null });
      compile = { outcome, stdout: compiler.stdout.read().text, stderr: compiler.stderr.read().text };
      if (outcome.kind !== "exited" || outcome.exitCode !== 0) return { kind: "not_compiled", compile };
      await observer.onCompiled();
    }
    if (name === "ready") {
      return { kind: "ready", cpuNs: numberOf(words[0]), first, ...(compile === undefined ? {} : { compile }) };
    }
  }
  return { kind: "ended", said: early.read().text.trim() };
}

/** A number of the launcher's, null where it does not know. */
export function numberOf(word: string | undefined): number | null {
  return word === undefined || !/^\d+$/.test(word) ? null : Number(word);
}

import { BoundedOutput } from "../../../core/bytes/bounded_output.ts";
import type { CompileResult, OutputChunk } from "../../../core/execution.ts";
import type { Limits } from "../../../core/limits.ts";
import { toCompileResult } from "../../languages/compile_result.ts";
import { DISK_WORDS, ENDING_WORDS, outcomeOf, parseDisk, parseEnding } from "./ending.ts";
import type { LauncherEvent } from "./launcher_output.ts";

/** How much output of a failed launcher its error quotes. */
const MAX_QUOTED_BYTES = 500;

/** How a launch ended. */
export type Launch =
  | {
    readonly kind: "ready";
    readonly cpuNs: number | null;
    readonly compile?: CompileResult;
    /** Output of the program that came before the report on the other stream. */
    readonly first: readonly OutputChunk[];
  }
  | { readonly kind: "not_compiled"; readonly compile: CompileResult }
  /** The workspace has no room for the files. */
  | { readonly kind: "not_unpacked" }
  | { readonly kind: "ended"; readonly output: string };

/** Handlers of the reports during a launch. */
export interface LaunchObserver {
  /** Called with the launcher's process id in the container. */
  onLaunched(pid: number): void;
  /** Called when the files that came with the launch are in the workspace. */
  onUnpacked(): void;
  /** Called when the compiler has succeeded; the program begins when this returns. */
  onCompiled(): Promise<void>;
  /** Called with the length of each output, of the compiler or of the program. */
  onOutput(bytes: number): void;
}

/** Reads a launcher's reports until its program may begin or cannot. Collects the compiler's output. */
export async function awaitReady(
  items: AsyncGenerator<OutputChunk | LauncherEvent>,
  { limits, compiles, observer }: {
    readonly limits: Limits;
    readonly compiles: boolean;
    readonly observer: LaunchObserver;
  },
): Promise<Launch> {
  const early = new BoundedOutput(MAX_QUOTED_BYTES);
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
      return words[1] === "1" ? { kind: "not_unpacked" } : { kind: "ended", output: "the files cannot be unpacked" };
    }
    if (name === "unpacked") observer.onUnpacked();
    if (name === "compiled") compiled[item.stream] = true;
    if (name === "compiled" && compiled.stdout && compiled.stderr) {
      const ending = parseEnding(words);
      if (ending === undefined) continue;
      const disk = parseDisk(words.slice(ENDING_WORDS));
      const cpuNs = numberOf(words[ENDING_WORDS + DISK_WORDS]);
      const outcome = outcomeOf(ending, { disk, limits, peakMemoryBytes: null });
      compile = toCompileResult({ outcome, kept: compiler, cpuMs: cpuNs === null ? null : Math.round(cpuNs / 1e6) });
      if (outcome.kind !== "exited" || outcome.exitCode !== 0) return { kind: "not_compiled", compile };
      await observer.onCompiled();
    }
    if (name === "ready") {
      return { kind: "ready", cpuNs: numberOf(words[0]), first, ...(compile === undefined ? {} : { compile }) };
    }
  }
  return { kind: "ended", output: early.read().text.trim() };
}

/** A number in a report; null where the launcher does not know it. */
export function numberOf(word: string | undefined): number | null {
  return word === undefined || !/^\d+$/.test(word) ? null : Number(word);
}

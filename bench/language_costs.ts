import { delay } from "../src/concurrency/delay.ts";
import { MEBIBYTE } from "../src/core/limits.ts";
import { HONEST_MODULE } from "../src/runtimes/wasm/canary_modules.ts";
import { ApiClient } from "../tests/support/api_client.ts";
import { DOCKER_HOST } from "../tests/support/docker_host.ts";
import { EVERY_RUNTIME, openService } from "../tests/support/own_service.ts";
import { searchPath } from "../tests/support/runtime_host.ts";
import { PROGRAMS } from "./programs.ts";
import { median } from "./table.ts";

/** Warm programs behind the figures of a language. */
const SAMPLES = 9;
/** The most programs until there are as many warm ones. */
const MAX_PROGRAMS = 40;
/** Pause of a client between two programs beyond that in which the next process gets ready, in ms. */
const THOUGHT_MS = 150;
/** The time in which a process gets ready, by the longest start so far, which was a cold one. */
const READY_FACTOR = 3;
/** Longest such time, in ms. */
const MAX_READY_MS = 2_000;

/** What a service says of a runtime whose self-test goes on. */
const TESTING = /self-test is not over yet|no answer within/;
/** Pause before the next question then, in ms. */
const TESTING_MS = 2_000;

/** What near-empty programs in a language cost on a runtime, by p50. */
export interface LanguageCosts {
  /** Time from the request until the program begins, on a warm process, in ms. A compiler's time counts. */
  readonly startupMs: number;
  /** The peak memory of the program and its interpreter, in MB; absent where no layer measures it. */
  readonly memoryMb?: number;
}

/** The parts of a service's answer that are figures. */
interface Answer {
  readonly outcome?: { readonly kind: string; readonly exitCode?: number };
  readonly warm?: boolean;
  readonly usage?: { readonly startupMs: number; readonly peakMemoryBytes: number | null };
  readonly detail?: string;
}

/**
 * Measures languages on the runtimes of this machine, over HTTP. Those that are not available, or are never warm, have
 * no costs, and the reason is printed on stderr. Returns the costs by runtime and language with a space between.
 */
export async function measureLanguages(
  subjects: readonly { readonly language: string; readonly runtime: string }[],
): Promise<Map<string, LanguageCosts>> {
  const costs = new Map<string, LanguageCosts>();
  await using service = await openService({
    warmMax: 4,
    warmMemoryMb: 4_096,
    searchPath: searchPath(),
    runtimes: { docker: { dockerHost: DOCKER_HOST, dockerPull: "never" } },
  }, EVERY_RUNTIME);
  const client = new ApiClient(service);
  for (const { language, runtime } of subjects) {
    const found = await measureLanguage(client, { language, runtime });
    const name = `${runtime} ${language}`;
    if (typeof found === "string") {
      Deno.stderr.writeSync(new TextEncoder().encode(`${name} is not measured: ${found}\n`));
    } else {
      costs.set(name, found);
    }
  }
  return costs;
}

/** The costs, or why there are none. */
async function measureLanguage(
  client: ApiClient,
  { language, runtime }: { readonly language: string; readonly runtime: string },
): Promise<LanguageCosts | string> {
  const request = { language, runtime, ...programOf(language) };
  const samples: NonNullable<Answer["usage"]>[] = [];
  let longestMs = 0;
  for (let count = 0; count < MAX_PROGRAMS && samples.length < SAMPLES; count++) {
    const { detail, outcome, usage, warm }: Answer = await client.json("POST", "/v1/executions", request);
    if (detail !== undefined && TESTING.test(detail)) {
      await delay(TESTING_MS);
      continue;
    }
    if (outcome === undefined || usage === undefined) return detail ?? "it was not run";
    if (outcome.exitCode !== 0) return `its program ended with ${JSON.stringify(outcome)}`;
    if (warm === true) samples.push(usage);
    longestMs = Math.max(longestMs, usage.startupMs);
    await delay(THOUGHT_MS + Math.min(READY_FACTOR * longestMs, MAX_READY_MS));
  }
  if (samples.length < SAMPLES) return `${samples.length} of ${MAX_PROGRAMS} programs met a warm process`;
  const peaks = samples.flatMap(({ peakMemoryBytes }) => peakMemoryBytes ?? []);
  return {
    startupMs: median(samples.map(({ startupMs }) => startupMs)),
    ...(peaks.length === 0 ? {} : { memoryMb: median(peaks) / MEBIBYTE }),
  };
}

/** A program of one line. Only modules have no text. */
function programOf(language: string): { readonly code: string; readonly encoding?: "base64" } {
  const programs: Readonly<Record<string, string>> = PROGRAMS;
  const code = programs[language];
  return code === undefined ? { code: HONEST_MODULE.toBase64(), encoding: "base64" } : { code };
}

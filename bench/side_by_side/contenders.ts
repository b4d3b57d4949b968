import { delay } from "../../src/concurrency/delay.ts";
import { ApiClient } from "../../tests/support/api_client.ts";
import { DOCKER_HOST } from "../../tests/support/docker.ts";
import { timeBare } from "../cold_start_bench.ts";
import { PROGRAMS } from "../programs.ts";
import { median } from "../table.ts";
import type { Sessions } from "./turns.ts";
import { checkEnd, execute, type Services } from "./services.ts";

/** One way to run the program. */
export interface Contender {
  readonly name: string;
  /** Whether it is expected to start warm, nearly always. */
  readonly isWarm?: boolean;
  /** Runs the program once; false when it was expected warm and was cold. */
  run(): Promise<unknown>;
}

/** The ways to run TypeScript on Deno, the plainest first. */
export function denoContenders(
  { cold, warm }: Services,
  directory: string,
): Record<"bare" | "cold" | "warm", Contender> {
  const request = { language: "typescript", runtime: "deno", code: PROGRAMS.typescript };
  let round = 0;
  return {
    bare: {
      name: "bare `deno run`: same flags and environment, fresh DENO_DIR, not confined",
      run: () => timeBare(directory, round++),
    },
    cold: { name: "one-shot over HTTP, confined, cold", run: () => execute(cold, request) },
    warm: { name: "one-shot over HTTP, confined, warm", isWarm: true, run: () => execute(warm, request) },
  };
}

/** The ways to run Python in a container. */
export function dockerContenders(
  { cold, warm }: Services,
  image: string,
): Record<"bare" | "cold" | "warm", Contender> {
  const request = { language: "python", runtime: "docker", code: PROGRAMS.python };
  return {
    bare: { name: "`docker run --rm` of the same image, not hardened", run: () => runDocker(image) },
    cold: { name: "one-shot over HTTP, hardened, cold", run: () => execute(cold, request) },
    warm: { name: "one-shot over HTTP, hardened, warm", isWarm: true, run: () => execute(warm, request) },
  };
}

/** Opens a context for evaluations one after the other. */
export async function openContext(
  client: ApiClient,
  { language, runtime }: Sessions,
): Promise<Contender & AsyncDisposable> {
  const { id } = await client.openSession({ language, runtime });
  const context = await client.json("POST", `/v1/sessions/${id}/contexts`, {});
  const path = `/v1/sessions/${id}/contexts/${context.id}/executions`;
  return {
    name: "one evaluation over HTTP in a context",
    run: async () => checkEnd(await client.json("POST", path, { code: PROGRAMS[language] })),
    [Symbol.asyncDispose]: async () => void await client.status("DELETE", `/v1/sessions/${id}`),
  };
}

/**
 * Measures the p50 of each contender in ms, in turns, so that drift of the machine affects all of them.
 *
 * @throws {Error} when a contender that is expected warm is cold in a quarter of the rounds
 */
export async function measureInTurns<Key extends string>(
  contenders: Readonly<Record<Key, Contender>>,
  { learning, rounds, thoughtMs }: {
    /** First rounds, which do not count: a service that runs for days has compiled its code. */
    readonly learning: number;
    readonly rounds: number;
    readonly thoughtMs: number;
  },
): Promise<Record<Key, number>> {
  const keys = Object.keys(contenders) as Key[]; // They are the contenders' own.
  const samples = new Map<Key, number[]>(keys.map((key) => [key, []]));
  let missed = 0;
  for (let round = -learning; round < rounds; round++) {
    for (const key of keys) {
      await delay(thoughtMs);
      const startedAt = performance.now();
      const { isWarm = false, run } = contenders[key];
      const met = await run();
      if (round < 0) continue;
      samples.get(key)?.push(performance.now() - startedAt);
      if (isWarm && met === false) missed++;
    }
  }
  if (missed > rounds / 4) throw new Error(`A warm contender was cold in ${missed} of ${rounds} rounds`);
  const p50 = keys.map((key) => [key, median(samples.get(key) ?? [])]);
  return Object.fromEntries(p50) as Record<Key, number>; // The same keys.
}

async function runDocker(image: string): Promise<void> {
  const args = ["--host", DOCKER_HOST, "run", "--rm", "--network", "none", image, "python3", "-c", PROGRAMS.python];
  const { stdout } = await new Deno.Command("docker", { args }).output();
  checkEnd({ stdout: new TextDecoder().decode(stdout) });
}

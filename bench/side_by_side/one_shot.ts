import { printTable } from "../table.ts";
import { type Contender, denoContenders, dockerContenders, measureInTurns, openContext } from "./contenders.ts";
import type { Services } from "./services.ts";

/** Pause of a client between two requests, in ms: without it, this would measure throughput. */
const THOUGHT_MS = 60;
const DOCKER_THOUGHT_MS = 500;
const ROUNDS = 60;
const DOCKER_ROUNDS = 15;
const LEARNING = 150;
const DOCKER_LEARNING = 20;
/** Evaluations come without pause: a context prepares nothing between them. */
const EVALUATIONS = 5_000;
const LEARNING_EVALUATIONS = 5_000;

/** The p50 of each contender, in ms. */
export interface OneShots {
  readonly bare: number;
  readonly cold: number;
  readonly warm: number;
  readonly context: number;
}

/** Measures one program on all contenders that run TypeScript. */
export async function benchDenoOneShots(services: Services, directory: string): Promise<OneShots> {
  const contenders = denoContenders(services, directory);
  const p50 = await measureInTurns(contenders, { learning: LEARNING, rounds: ROUNDS, thoughtMs: THOUGHT_MS });
  await using context = await openContext(services.warm, { language: "typescript", runtime: "deno" });
  const figures = { ...p50, ...await timeContext(context) };
  printOneShots(`A TypeScript program, ${THOUGHT_MS} ms after the one before`, { ...contenders, context }, figures);
  return figures;
}

/** Measures one program on all contenders that run Python in containers. */
export async function benchDockerOneShots(services: Services, image: string): Promise<OneShots> {
  const contenders = dockerContenders(services, image);
  const p50 = await measureInTurns(contenders, {
    learning: DOCKER_LEARNING,
    rounds: DOCKER_ROUNDS,
    thoughtMs: DOCKER_THOUGHT_MS,
  });
  await using context = await openContext(services.warm, { language: "python", runtime: "docker" });
  const figures = { ...p50, ...await timeContext(context) };
  const title = `A Python program in a container, ${DOCKER_THOUGHT_MS} ms after the one before`;
  printOneShots(title, { ...contenders, context }, figures);
  return figures;
}

function timeContext(context: Contender): Promise<Record<"context", number>> {
  return measureInTurns({ context }, { learning: LEARNING_EVALUATIONS, rounds: EVALUATIONS, thoughtMs: 0 });
}

function printOneShots(
  title: string,
  contenders: Readonly<Record<keyof OneShots, Contender>>,
  figures: OneShots,
): void {
  const keys = ["bare", "cold", "warm", "context"] as const;
  const rows = keys.map((key) => ({
    name: contenders[key].name,
    cells: [`${figures[key].toFixed(1)} ms`, (figures[key] / figures.bare).toFixed(3)],
  }));
  printTable(title, ["contender", "p50", "ratio"], rows);
}

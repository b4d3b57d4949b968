import { delay } from "../../src/concurrency/delay.ts";
import type { ApiClient } from "../../tests/support/api_client.ts";
import { median, printTable } from "../table.ts";
import { PROGRAMS } from "../programs.ts";
import { checkEnd, type Services } from "./services.ts";

const TURNS = 10;
const THOUGHT_MS = 100;
const SESSIONS = 5;

/** The sum of latencies in ms, p50 of several sessions. */
export interface Turns {
  readonly cold: number;
  readonly warm: number;
}

/** Which sessions are measured. */
export interface Sessions {
  readonly language: keyof typeof PROGRAMS;
  readonly runtime: string;
}

/** Ten programs in one session, with thought between them. */
export async function benchTurns({ cold, warm }: Services, sessions: Sessions): Promise<Turns> {
  const samples = { cold: [] as number[], warm: [] as number[] };
  for (let round = 0; round < SESSIONS; round++) {
    samples.cold.push(await timeTurns(cold, sessions));
    samples.warm.push(await timeTurns(warm, sessions));
  }
  const sums = { cold: median(samples.cold), warm: median(samples.warm) };
  printTable(`${TURNS} programs in one session, ${THOUGHT_MS} ms of thought between them: ${sessions.language}`, [
    "contender",
    "sum of latencies, p50",
  ], Object.entries(sums).map(([name, ms]) => ({ name, cells: [`${ms.toFixed(0)} ms`] })));
  return sums;
}

async function timeTurns(client: ApiClient, { language, runtime }: Sessions): Promise<number> {
  const { id } = await client.openSession({ language, runtime });
  let totalMs = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const startedAt = performance.now();
    checkEnd(await client.run(id, { code: PROGRAMS[language] }));
    totalMs += performance.now() - startedAt;
    await delay(THOUGHT_MS);
  }
  await client.status("DELETE", `/v1/sessions/${id}`);
  return totalMs;
}

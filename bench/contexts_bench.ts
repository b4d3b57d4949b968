import type { LanguageDescription } from "../src/runtimes/selection/language_description.ts";
import { DOCKER_HOST } from "../tests/support/docker.ts";
import { DIALECTS } from "../tests/support/dialects/mod.ts";
import { ApiClient } from "../tests/support/api_client.ts";
import { OpenContext } from "../tests/support/open_context.ts";
import { startServiceProcess } from "../tests/support/service_process.ts";
import { timeBare } from "./cold_start_bench.ts";
import { median, printTable, type Row } from "./table.ts";

/** Contenders take turns in blocks, so that each is warmed up. */
const ROUNDS = 40;
const CELLS_A_ROUND = 25;
const OPENED = 10;

interface Samples {
  readonly bare: number[];
  readonly cell: Record<string, number[]>;
  readonly opening: Record<string, number[]>;
}

/** Compares a cell over a kept connection with a bare `deno run`, and measures opening a context. */
export async function benchContexts(): Promise<void> {
  await using service = await startServiceProcess(["--log-level", "warning"], { DOCKER_HOST });
  const client = new ApiClient(service);
  const samples: Samples = { bare: [], cell: {}, opening: {} };
  const contexts = new Map<string, OpenContext>();
  const { languages }: { readonly languages: readonly LanguageDescription[] } = await client.json(
    "GET",
    "/v1/languages",
  );
  for (const { name: language } of languages.filter(({ available, contexts }) => available && contexts)) {
    const { id } = await client.openSession({ language });
    samples.opening[language] = [];
    for (let count = 0; count < OPENED; count++) {
      await contexts.get(language)?.close();
      const startedAt = performance.now();
      contexts.set(language, await OpenContext.open(client, id));
      samples.opening[language]?.push(performance.now() - startedAt);
    }
    await contexts.get(language)?.run(DIALECTS[language]?.cells?.declare ?? "");
  }
  await measureCells(contexts, samples);
  print(samples);
}

async function measureCells(contexts: ReadonlyMap<string, OpenContext>, samples: Samples): Promise<void> {
  const directory = await Deno.makeTempDir();
  for (let round = 0; round < ROUNDS; round++) {
    samples.bare.push(await timeBare(directory, round));
    for (const [language, context] of contexts) {
      for (let cell = 0; cell < CELLS_A_ROUND; cell++) {
        const startedAt = performance.now();
        const { value } = await context.run(DIALECTS[language]?.cells?.use ?? "");
        if (value !== 42) throw new Error(`The cell came to ${JSON.stringify(value)}`);
        (samples.cell[language] ??= []).push(performance.now() - startedAt);
      }
    }
  }
  await Deno.remove(directory, { recursive: true });
}

function print({ bare, cell, opening }: Samples): void {
  const run = median(bare);
  const row = (name: string, ms: number): Row => ({ name, cells: [`${ms.toFixed(2)} ms`, (ms / run).toFixed(3)] });
  printTable("A cell of a context over HTTP (target: 1.0 ms, and 0.06 of a bare run)", ["contender", "p50", "ratio"], [
    row("bare `deno run`, same flags, environment and fresh DENO_DIR, not confined", run),
    ...Object.entries(cell).map(([language, ms]) => row(`one cell, ${language}`, median(ms))),
    ...Object.entries(opening).map(([language, ms]) => row(`opening a context, ${language}`, median(ms))),
  ]);
}

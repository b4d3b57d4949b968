// deno-lint-ignore-file no-console -- a program of the command line prints
// The loop of an agent: a model writes code, the service runs it in a session, and the model reads what came of it.
//
//   npx -y deno@2.9.6 run --allow-net --allow-env examples/agent_loop.ts

import { type Execution, post, send } from "./service.ts";

const TASK = "What is the mean of the column `price` in data.csv?";
const DATA = "name,price\npear,3\nquince,5\n";
const MAX_TURNS = 5;

/** One turn of the conversation. */
interface Turn {
  readonly code: string;
  readonly observation: string;
}

/** Stands for a model: it is given the task and all turns so far, and answers with code. */
function askModel(_task: string, turns: readonly Turn[]): string {
  const attempts = [
    'console.log(await (await fetch("https://example.com/data.csv")).text());',
    'const [, ...rows] = Deno.readTextFileSync("data.csv").trim().split("\\n");\nconsole.log(rows[0].price.toFixed(2));',
    'const [, ...rows] = Deno.readTextFileSync("data.csv").trim().split("\\n");\n' +
    'const prices = rows.map((row) => Number(row.split(",")[1]));\n' +
    'console.log("ANSWER", prices.reduce((sum, price) => sum + price, 0) / prices.length);',
  ];
  return attempts[turns.length] ?? "";
}

/** What a model should read of an execution: its output, the last line of its error, and what it was denied. */
function observe({ denials, outcome, stderr, stdout }: Execution): string {
  if (outcome.kind !== "exited") return `The program was ended: ${outcome.kind}`;
  const denied = denials.map(({ kind, rule, target }) => `${kind} ${target} was denied: ${rule}`);
  const error = stderr.split("\n").find((line) => line.includes("Error") || line.includes("NotCapable"));
  if (denied.length > 0) return denied.join("\n");
  return outcome.exitCode === 0 ? stdout.trim() : error ?? stderr;
}

const { id } = await post<{ id: string }>("/v1/sessions", { language: "javascript", limits: { memoryMb: 256 } });
try {
  const turns: Turn[] = [];
  await post(`/v1/sessions/${id}/commands`, { type: "write_file", path: "data.csv", content: DATA });
  while (turns.length < MAX_TURNS && !turns.at(-1)?.observation.startsWith("ANSWER")) {
    const code = askModel(TASK, turns);
    const execution = await post<Execution>(`/v1/sessions/${id}/executions`, { code });
    turns.push({ code, observation: observe(execution) });
    console.log(`turn ${turns.length}: ${turns.at(-1)?.observation}`);
  }
} finally {
  await send("DELETE", `/v1/sessions/${id}`);
}

import { delay } from "../../src/concurrency/delay.ts";
import type { ApiClient } from "../../tests/support/api_client.ts";
import { serverEvents } from "../../tests/support/server_events.ts";
import { isTransient, type Ledger } from "./ledger.ts";

const EXECUTIONS = "/v1/executions";
const BUSY = 429;
const RETRY_MS = 200;

/** One piece of a client's work, whose answers it records. */
export type Task = (client: ApiClient, ledger: Ledger) => Promise<void>;

/** How each program ends. */
const OUTCOMES = {
  hello: "exited",
  throws: "exited",
  endless: "timed_out",
  hog: "memory_limit",
  flood: "output_limit",
} as const;

const SOURCES = {
  hello: { code: "console.log('hello', 40 + 2)" },
  throws: { code: "throw new Error('no')" },
  endless: { code: "setInterval(() => {}, 1000)", timeoutMs: 100 },
  hog: { code: "const all = []; for (;;) all.push(new Uint8Array(4e6).fill(1))", limits: { memoryMb: 64 } },
  flood: {
    code: "const line = 'x'.repeat(1000); for (let i = 0; i < 5000; i++) console.log(line)",
    limits: { maxOutputBytes: 65_536, maxTotalOutputBytes: 4_000_000 },
  },
} as const;

const request = (name: keyof typeof SOURCES) => ({ language: "typescript", ...SOURCES[name] });

/** Whether the program was killed from outside, which may happen to any. */
function wasKilled({ outcome }: { readonly outcome?: { readonly kind: string; readonly signal?: string } }): boolean {
  return outcome?.kind === "signaled" && outcome.signal === "SIGKILL";
}

/** One program, and its end in the answer. */
const plain = (name: keyof typeof SOURCES): Task => async (client, ledger) => {
  const headers = { "idempotency-key": crypto.randomUUID() }; // Its record survives a service that is killed.
  const answer = await retrying(ledger, () => client.json("POST", EXECUTIONS, request(name), headers));
  const kind = answer.outcome?.kind;
  if (kind !== OUTCOMES[name] && !wasKilled(answer)) return ledger.fault(`${name}: ${JSON.stringify(answer)}`);
  ledger.end(answer);
};

/** An execution that is submitted, polled, and submitted again under the same key: it is the same execution. */
const later: Task = async (client, ledger) => {
  const headers = { "prefer": "respond-async", "idempotency-key": crypto.randomUUID() };
  const submit = () => client.json("POST", EXECUTIONS, request("hello"), headers);
  const { id } = await retrying(ledger, submit);
  if (id === undefined) return ledger.fault("an accepted execution has no id");
  ledger.accept(id);
  const [report, again] = [await client.json("GET", `${EXECUTIONS}/${id}?waitMs=20000`), await submit()];
  if (report.outcome !== undefined) ledger.end(report);
  if (again.id !== id && !isTransient(report)) ledger.fault(`the same key gave ${JSON.stringify(again)}`);
};

/** Reads the events of an execution to their end, or vanishes in the middle. */
const stream = (options: { readonly vanishes: boolean }): Task => async (client, ledger) => {
  const { body } = await client.ask("POST", EXECUTIONS, request(options.vanishes ? "endless" : "hello"), {
    accept: "text/event-stream",
  });
  if (body === null) return ledger.fault("a stream of events has no body");
  for await (const { event, data } of serverEvents(body)) {
    if (event === "started") ledger.accept(data.id);
    if (event === "completed") ledger.end(data);
    if (options.vanishes) return; // This closes the connection.
  }
};

/** A session whose workspace is filled to its bound, and runs a program all the same. */
const session: Task = async (client, ledger) => {
  const opened = await retrying(
    ledger,
    () => client.json("POST", "/v1/sessions", { language: "typescript", limits: { diskMb: 1 } }),
  );
  if (opened.id === undefined) return ledger.fault(`a session: ${JSON.stringify(opened)}`);
  const at = `/v1/sessions/${opened.id}`;
  await client.ask("PUT", `${at}/files/a.txt`, "kept").then((answer) => answer.body?.cancel());
  const upload = (index: number) => retrying(ledger, () => client.json("PUT", `${at}/files/${index}`, FULL));
  const statuses = (await Promise.all(Array.from({ length: 9 }, (_, index) => upload(index)))).map((part) =>
    part.status
  );
  if (!statuses.includes(413)) ledger.fault(`a workspace that is filled answers ${statuses}`);
  const run = () => client.json("POST", `${at}/executions`, { code: "console.log(Deno.readTextFileSync('a.txt'))" });
  const ran = await retrying(ledger, run);
  await client.status("DELETE", at);
  if (ran.stdout === "kept\n" || wasKilled(ran)) ledger.end(ran);
  else ledger.fault(`a session's program: ${JSON.stringify(ran)}`);
};

const FULL = new Uint8Array(1_000_000);

/** A language that no runtime is available for, as there is no Engine. */
const unavailable: Task = async (client, ledger) => {
  const answer = await client.json("POST", EXECUTIONS, { language: "bash", code: "echo hello" });
  if (answer.status === 503) ledger.refused++;
  else ledger.fault(`without an Engine: ${JSON.stringify(answer)}`);
};

/** The plain program, whose latency is measured: every task that is none of the others. */
export const HELLO = plain("hello");
/** How many of 100 tasks are of each other kind. */
const OTHERS: readonly (readonly [count: number, task: Task])[] = [
  [8, plain("throws")],
  [4, plain("endless")],
  [1, plain("hog")],
  [2, plain("flood")],
  [14, later],
  [6, stream({ vanishes: false })],
  [4, stream({ vanishes: true })],
  [3, session],
  [1, unavailable],
];

const MIX = OTHERS.flatMap(([count, task]) => Array.from({ length: count }, () => task));

/** The task at an index: each kind is evenly spread. */
export function taskOf(index: number): Task {
  return MIX[index * 37 % 100] ?? HELLO;
}

/** Asks again for as long as the service is busy. */
// deno-lint-ignore no-explicit-any
async function retrying(ledger: Ledger, ask: () => Promise<any>): Promise<any> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== BUSY) return answer;
    ledger.refused++;
    await delay(RETRY_MS);
  }
}

import { assertEquals } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { shareService } from "../support/shared_service.ts";

/** A program that does what its input says. */
const PROGRAM = `const what = (await new Response(Deno.stdin.readable).text()).trim();
const chunk = "x".repeat(65_536);
if (what === "flood") for (;;) Deno.stdout.writeSync(new TextEncoder().encode(chunk));
if (what === "spin") for (;;);
if (what === "memory") for (const all = [];;) all.push(new Array(1e6).fill(Math.random()));
if (what === "disk") for (let n = 0;; n++) Deno.writeTextFileSync("file" + n, chunk.repeat(16));
if (what === "fail") Deno.exit(3);
if (what === "signals") {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.addSignalListener(signal, () => {});
  await new Promise((done) => setTimeout(done, 1e9));
}
console.log(what);
`;
const VERDICTS = [
  ["honest", "accepted"],
  ["flood", "output_limit"],
  ["spin", "time_limit"],
  ["honest", "accepted"],
  ["signals", "time_limit"],
  ["memory", "memory_limit"],
  ["fail", "runtime_error"],
  ["honest", "accepted"],
  ["disk", "runtime_error"],
  ["honest", "accepted"],
] as const;

const service = shareService();

Deno.test("a hostile test of a program has its verdict, and takes nothing from the next ones", async () => {
  const client = new ApiClient(service.borrow());
  const { detail, tests } = await client.json("POST", "/v1/executions", {
    language: "typescript",
    code: PROGRAM,
    timeoutMs: 2_000,
    limits: { maxTotalOutputBytes: 1_048_576, memoryMb: 128, diskMb: 16 },
    tests: VERDICTS.map(([what]) => ({ name: what, stdin: what, expected: what })),
  });
  const verdicts = tests?.map(({ name, verdict }: { name: string; verdict: string }) => [name, verdict]);
  assertEquals([verdicts, detail], [VERDICTS.map((row) => [...row]), undefined]);
});

Deno.test("a submission ends at once when it is cancelled in the middle of its tests", async () => {
  const client = new ApiClient(service.borrow());
  const tests = Array.from({ length: 200 }, () => ({ stdin: "signals" }));
  const request = { language: "typescript", code: PROGRAM, timeoutMs: 300_000, tests };
  const { id } = await client.json("POST", "/v1/executions", request, { prefer: "respond-async" });
  await client.json("GET", `/v1/executions/${id}?waitMs=300`);
  await client.status("DELETE", `/v1/executions/${id}`);
  const { outcome } = await client.json("GET", `/v1/executions/${id}?waitMs=60000`);
  assertEquals(outcome, { kind: "cancelled" });
});

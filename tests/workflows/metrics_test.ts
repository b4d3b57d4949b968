import { assert, assertEquals } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { ApiClient } from "../support/api_client.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { fakeRuntime } from "../support/fake_runtime.ts";
import { assertMetrics, readMetrics } from "../support/metric_samples.ts";
import { openService } from "../support/own_service.ts";
import { until } from "../support/until.ts";

const EXECUTIONS = "/v1/executions";
const TYPESCRIPT = { language: "typescript" };
/** Says that it runs, and ends with its stdin. */
const HELD = 'console.log("begun"); for await (const _ of Deno.stdin.readable);';

/** The same metrics, of which nothing has been counted. */
function zeros(samples: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.keys(samples).map((name) => [name, 0]));
}

Deno.test("/metrics counts executions by outcome, their times, selections, and the errors that doors answer with", async () => {
  await using service = await openService();
  const client = new ApiClient(service);
  const counted = {
    'codebeaker_executions_total{runtime="deno",language="typescript",outcome="exited"}': 2,
    'codebeaker_executions_total{runtime="deno",language="typescript",outcome="output_limit"}': 1,
    'codebeaker_execution_duration_seconds_count{runtime="deno"}': 3,
    'codebeaker_execution_startup_seconds_count{runtime="deno"}': 3,
    codebeaker_queue_wait_seconds_count: 3,
    'codebeaker_selections_total{runtime="deno",preference="speed"}': 3,
    'codebeaker_selections_total{runtime="none",preference="memory"}': 1,
    'codebeaker_errors_total{code="no_suitable_runtime"}': 1,
    'codebeaker_errors_total{code="not_found"}': 1,
    'codebeaker_errors_total{code="busy"}': 0,
  };
  await assertMetrics(client, zeros(counted));
  const run = (fields: object) => client.json("POST", EXECUTIONS, { ...TYPESCRIPT, preference: "speed", ...fields });
  assertEquals((await run({ code: "" })).exitCode, 0);
  assertEquals((await run({ code: "Deno.exit(3)" })).exitCode, 3);
  const flood = { code: "for (;;) console.log('x');", limits: { maxTotalOutputBytes: 1_000 } };
  assertEquals((await run(flood)).outcome.kind, "output_limit");
  assertEquals((await run({ code: "", minIsolation: 10, preference: "memory" })).status, 422);
  assertEquals(await client.status("GET", `${EXECUTIONS}/exec_none`), 404);
  await assertMetrics(client, counted);
});

Deno.test("/metrics tells the sessions that are open, and counts those that were opened and why they were closed", async () => {
  await using service = await openService();
  const client = new ApiClient(service);
  const all = {
    codebeaker_sessions: 0,
    'codebeaker_sessions_opened_total{runtime="deno"}': 0,
    'codebeaker_sessions_closed_total{reason="closed_by_owner"}': 0,
    'codebeaker_executions_total{runtime="deno",language="typescript",outcome="exited"}': 0,
    codebeaker_queue_wait_seconds_count: 0,
  };
  const [sessions = "", opened = "", closed = "", executions = "", waits = ""] = Object.keys(all);
  await assertMetrics(client, all);
  const { id } = await client.openSession(TYPESCRIPT);
  await assertMetrics(client, { ...all, [sessions]: 1, [opened]: 1 });
  await client.run(id, { code: "" });
  assertEquals(await client.status("DELETE", `/v1/sessions/${id}`), 204);
  await assertMetrics(client, { [sessions]: 0, [opened]: 1, [closed]: 1, [executions]: 1, [waits]: 1 });
});

Deno.test("/metrics tells who waits for a place and who has one, and how long they waited, not how long they ran", async () => {
  await using service = await openService({ maxConcurrent: 1 });
  const client = new ApiClient(service);
  const gauges = () => readMetrics(client, ["codebeaker_queue_length", "codebeaker_running"]);
  const waitedMs = async () => {
    const [seconds = NaN] = await readMetrics(client, ["codebeaker_queue_wait_seconds_sum"]);
    return seconds * 1_000;
  };
  const submit = async (path: string, fields: object) => {
    const { id } = await client.json("POST", path, { code: HELD, timeoutMs: 60_000, ...fields }, {
      prefer: "respond-async",
    });
    const show = () => client.json("GET", `${EXECUTIONS}/${id}`);
    return {
      begin: () => until(async () => (await show()).stdout === "begun\n", "it has begun"),
      async end() {
        await client.status("POST", `${EXECUTIONS}/${id}/stdin`, { close: true });
        const { outcome } = await client.json("GET", `${EXECUTIONS}/${id}?waitMs=60000`);
        assertEquals(outcome, { kind: "exited", exitCode: 0 });
      },
    };
  };
  const { id: sessionId } = await client.openSession(TYPESCRIPT);
  assertEquals(await gauges(), [0, 0]);

  const submittedAt = performance.now();
  const first = await submit(EXECUTIONS, TYPESCRIPT);
  await first.begin();
  const begunAt = performance.now();
  assertEquals(await gauges(), [0, 1]);
  const second = await submit(`/v1/sessions/${sessionId}/executions`, {});
  await until(async () => (await gauges())[0] === 1, "the second one waits");
  assertEquals(await gauges(), [1, 1]);
  const seenWaitingAt = performance.now();
  await first.begin();
  const releasedAt = performance.now();
  await first.end();
  const firstMs = await waitedMs();
  assert(firstMs < begunAt - submittedAt, `It ran, and did not wait, for ${firstMs} ms`);
  await second.begin();
  const secondBegunAt = performance.now();
  assertEquals(await gauges(), [0, 1]);
  await second.end();
  const secondMs = await waitedMs() - firstMs;
  assert(secondMs > releasedAt - seenWaitingAt, `It waited for longer than ${secondMs} ms`);
  assert(secondMs < secondBegunAt - begunAt, `It ran, and did not wait, for ${secondMs} ms`);
  assertEquals(await gauges(), [0, 0]);
});

Deno.test("/metrics counts a runtime that could not start a program, and the one that then did", async () => {
  const broken = fakeRuntime({
    name: "docker",
    isolationLevel: 9,
    createEnvironment: () => Promise.reject(new CodeBeakerError("runtime_unavailable", "it broke")),
  });
  const working = fakeRuntime({ name: "deno", createEnvironment: () => FakeEnvironment.create() });
  await using service = await openService({}, { createRuntimes: () => [broken, working] });
  const client = new ApiClient(service);
  const counted = {
    'codebeaker_fallbacks_total{runtime="docker"}': 1,
    'codebeaker_fallbacks_total{runtime="deno"}': 0,
    'codebeaker_selections_total{runtime="docker",preference="security"}': 1,
    'codebeaker_executions_total{runtime="deno",language="typescript",outcome="exited"}': 1,
  };
  await assertMetrics(client, zeros(counted));
  const run = { ...TYPESCRIPT, code: "1", preference: "security" };
  const { runtime, attempts } = await client.json("POST", EXECUTIONS, run);
  assertEquals([runtime, attempts], ["deno", [{ runtime: "docker", error: "it broke" }]]);
  await assertMetrics(client, counted);
  const none = await client.json("POST", EXECUTIONS, { ...run, runtime: "docker" });
  assertEquals([none.status, none.code], [503, "runtime_unavailable"]);
  await assertMetrics(client, {
    'codebeaker_fallbacks_total{runtime="docker"}': 2,
    'codebeaker_executions_total{runtime="none",language="none",outcome="failed"}': 1,
    'codebeaker_execution_failures_total{code="runtime_unavailable"}': 1,
    'codebeaker_errors_total{code="runtime_unavailable"}': 1,
  });
});

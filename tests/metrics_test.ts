import { assert, assertEquals, assertMatch } from "@std/assert";
import { ERROR_KINDS } from "../src/core/answers/vocabulary.ts";
import { CodeBeakerError, type ErrorCode } from "../src/core/errors.ts";
import type { Execution } from "../src/core/execution.ts";
import { LOCAL_USER } from "../src/core/principal.ts";
import type { Selection } from "../src/core/selection.ts";
import { CLOSE_REASONS } from "../src/core/answers/vocabulary.ts";
import { VERSION } from "../src/core/version.ts";
import type { EndedExecution } from "../src/engine/observer.ts";
import { Metrics } from "../src/metrics.ts";
import { fakeSession } from "./support/fake_ports.ts";
import { samplesIn } from "./support/metric_samples.ts";
import { NO_FIGURES } from "./support/no_figures.ts";

const CALLER = { principal: LOCAL_USER };
const SELECTION: Selection = { chosen: "deno", preference: "speed", floor: 7, candidates: [] };
const EXECUTION: Execution = {
  id: "exec_1",
  status: "ended",
  language: "typescript",
  runtime: "deno",
  outcome: { kind: "exited", exitCode: 0 },
  exitCode: 0,
  stdout: "",
  stderr: "",
  truncated: { stdout: 0, stderr: 0 },
  denials: [],
  usage: { wallMs: 40, startupMs: 3, cpuMs: 1_500, peakMemoryBytes: null },
  warm: false,
  createdAt: "2026-01-01T00:00:00.000Z",
};
const SESSION = fakeSession({ runtime: "deno", state: "closed", closedBecause: "idle_timeout" });

function makeMetrics(): Metrics {
  return new Metrics(NO_FIGURES);
}

function ended(result: EndedExecution["result"], queuedMs = 0): EndedExecution {
  return { caller: CALLER, id: "exec_1", language: "typescript", floor: 7, result, endedAt: 0, queuedMs, source: {} };
}

/** The samples by name and labels. */
async function read(metrics: Metrics): Promise<Map<string, number>> {
  return samplesIn((await metrics.expose()).text);
}

const EVENTS: readonly {
  readonly what: string;
  tell(metrics: Metrics): void;
  readonly moves: Readonly<Record<string, number>>;
}[] = [
  {
    what: "an execution that ended",
    tell: (metrics) => metrics.executionEnded(ended(EXECUTION, 20)),
    moves: {
      'codebeaker_executions_total{runtime="deno",language="typescript",outcome="exited"}': 1,
      'codebeaker_execution_duration_seconds_bucket{le="0.025",runtime="deno"}': 0,
      'codebeaker_execution_duration_seconds_bucket{le="0.05",runtime="deno"}': 1,
      'codebeaker_execution_duration_seconds_sum{runtime="deno"}': 0.04,
      'codebeaker_execution_startup_seconds_bucket{le="0.0025",runtime="deno"}': 0,
      'codebeaker_execution_startup_seconds_bucket{le="0.005",runtime="deno"}': 1,
      'codebeaker_execution_startup_seconds_sum{runtime="deno"}': 0.003,
      'codebeaker_execution_cpu_seconds_total{runtime="deno"}': 1.5,
      'codebeaker_key_executions_total{key="local"}': 1,
      'codebeaker_key_cpu_seconds_total{key="local"}': 1.5,
      "codebeaker_queue_wait_seconds_count": 1,
      "codebeaker_queue_wait_seconds_sum": 0.02,
    },
  },
  {
    what: "an execution that the service could not run",
    tell: (metrics) => metrics.executionEnded(ended(new CodeBeakerError("runtime_unavailable", "it broke"), 7)),
    moves: {
      'codebeaker_executions_total{runtime="none",language="none",outcome="failed"}': 1,
      'codebeaker_execution_failures_total{code="runtime_unavailable"}': 1,
      "codebeaker_queue_wait_seconds_sum": 0.007,
    },
  },
  {
    what: "a selection",
    tell: (metrics) => metrics.selected(SELECTION),
    moves: { 'codebeaker_selections_total{runtime="deno",preference="speed"}': 1 },
  },
  {
    what: "a selection that found nothing",
    tell: (metrics) => metrics.selected({ ...SELECTION, chosen: null }),
    moves: { 'codebeaker_selections_total{runtime="none",preference="speed"}': 1 },
  },
  {
    what: "a fallback",
    tell: (metrics) => metrics.fellBack({ runtime: "docker", error: "it broke" }),
    moves: { 'codebeaker_fallbacks_total{runtime="docker"}': 1 },
  },
  {
    what: "a session that was opened",
    tell: (metrics) => metrics.sessionOpened(CALLER, SESSION),
    moves: { 'codebeaker_sessions_opened_total{runtime="deno"}': 1 },
  },
  {
    what: "a session that was closed",
    tell: (metrics) => metrics.sessionClosed(CALLER, SESSION),
    moves: { 'codebeaker_sessions_closed_total{reason="idle_timeout"}': 1 },
  },
  {
    what: "an error that a door answered with",
    tell: (metrics) => metrics.refused({ error: new CodeBeakerError("busy", "Cannot run now") }),
    moves: { 'codebeaker_errors_total{code="busy"}': 1 },
  },
];

for (const { what, tell, moves } of EVENTS) {
  Deno.test(`Metrics counts ${what}`, async () => {
    const metrics = makeMetrics();
    const none = await read(metrics);
    assertEquals(Object.keys(moves).filter((sample) => (none.get(sample) ?? 0) !== 0), []);
    tell(metrics);
    const once = await read(metrics);
    assertEquals(Object.fromEntries(Object.keys(moves).map((sample) => [sample, once.get(sample)])), moves);
    tell(metrics);
    const twice = await read(metrics);
    const first = Object.keys(moves)[0] ?? "";
    assertEquals(twice.get(first), 2);
  });

  Deno.test(`Metrics keeps ${what} that came before it was first asked`, async () => {
    const metrics = makeMetrics();
    tell(metrics);
    const samples = await read(metrics);
    assertEquals(Object.fromEntries(Object.keys(moves).map((sample) => [sample, samples.get(sample)])), moves);
  });
}

Deno.test("Metrics tells outcomes apart", async () => {
  const metrics = makeMetrics();
  metrics.executionEnded(ended(EXECUTION));
  metrics.executionEnded(ended({ ...EXECUTION, outcome: { kind: "timed_out", limitMs: 10 }, exitCode: null }));
  metrics.executionEnded(ended({ ...EXECUTION, runtime: "docker", language: "python" }));
  const samples = await read(metrics);
  assertEquals(
    [...samples].filter(([name]) => name.startsWith("codebeaker_executions_total")),
    [
      ['codebeaker_executions_total{runtime="deno",language="typescript",outcome="exited"}', 1],
      ['codebeaker_executions_total{runtime="deno",language="typescript",outcome="timed_out"}', 1],
      ['codebeaker_executions_total{runtime="docker",language="python",outcome="exited"}', 1],
    ],
  );
});

Deno.test("Metrics counts 100 keys by their names, and all later ones together", async () => {
  const metrics = makeMetrics();
  for (let index = 0; index < 130; index++) {
    const caller = { principal: { ...LOCAL_USER, name: `key${index}` } };
    metrics.executionEnded({ ...ended(EXECUTION), caller });
  }
  const samples = await read(metrics);
  const counts = [...samples].filter(([name]) => name.startsWith("codebeaker_key_executions_total"));
  assertEquals(counts.length, 101);
  assertEquals(samples.get('codebeaker_key_executions_total{key="key99"}'), 1);
  assertEquals(samples.get('codebeaker_key_executions_total{key="other"}'), 30);
});

Deno.test("Metrics asks its sources each time", async () => {
  let figure = 3;
  const metrics = new Metrics({
    queueLength: () => figure,
    running: () => figure + 1,
    sessions: () => figure + 2,
    contexts: () => figure + 6,
    requestBytes: () => figure + 7,
    pools: () => [{ runtime: "deno", ready: figure + 3, hits: figure + 4, misses: figure + 5 }],
  });
  const names = [
    "codebeaker_queue_length",
    "codebeaker_running",
    "codebeaker_sessions",
    "codebeaker_contexts",
    "codebeaker_request_bytes",
    'codebeaker_pool_ready{runtime="deno"}',
    'codebeaker_pool_hits_total{runtime="deno"}',
    'codebeaker_pool_misses_total{runtime="deno"}',
  ];
  const first = await read(metrics);
  assertEquals(names.map((name) => first.get(name)), [3, 4, 5, 9, 10, 6, 7, 8]);
  figure = 0;
  const second = await read(metrics);
  assertEquals(names.map((name) => second.get(name)), [0, 1, 2, 6, 7, 3, 4, 5]);
});

Deno.test("Metrics tells the service's own memory and start", async () => {
  const samples = await read(makeMetrics());
  assert((samples.get("process_resident_memory_bytes") ?? 0) > 1_000_000);
  const startedAt = samples.get("process_start_time_seconds") ?? 0;
  assert(startedAt > 1_700_000_000 && startedAt <= Date.now() / 1_000);
});

Deno.test("Metrics has the version of the service as a label", async () => {
  assertEquals((await read(makeMetrics())).get(`codebeaker_build_info{version="${VERSION}"}`), 1);
});

Deno.test("Metrics starts every error code and every reason to close at zero", async () => {
  const samples = await read(makeMetrics());
  const codes = (Object.keys(ERROR_KINDS) as ErrorCode[]).map((code) => `codebeaker_errors_total{code="${code}"}`);
  const reasons = CLOSE_REASONS.map((reason) => `codebeaker_sessions_closed_total{reason="${reason}"}`);
  assertEquals([...codes, ...reasons].filter((name) => samples.get(name) !== 0), []);
});

Deno.test("Metrics has nothing that a caller wrote", async () => {
  const metrics = makeMetrics();
  const text = "written by a tenant";
  metrics.fellBack({ runtime: "docker", error: text });
  const refusal = { what: text, error: new CodeBeakerError("invalid_request", text) };
  metrics.refused(refusal);
  metrics.executionEnded({
    ...ended(new CodeBeakerError("unsupported_language", text)),
    language: text,
    source: { code: text },
  });
  metrics.sessionOpened({ principal: { ...LOCAL_USER, tenant: text, name: text } }, { ...SESSION, metadata: { text } });
  const exposed = await metrics.expose();
  assertMatch(exposed.text, /codebeaker_errors_total\{code="invalid_request"\} 1/);
  assert(!exposed.text.includes(text));
});

Deno.test("Metrics counts apart from another of the same process", async () => {
  const [one, other] = [makeMetrics(), makeMetrics()];
  one.sessionOpened(CALLER, SESSION);
  assertEquals((await read(one)).get('codebeaker_sessions_opened_total{runtime="deno"}'), 1);
  assertEquals((await read(other)).get('codebeaker_sessions_opened_total{runtime="deno"}'), undefined);
});

Deno.test("Metrics loses nothing of many events, whether or not anybody asks in between", async () => {
  const metrics = makeMetrics();
  for (let round = 0; round < 2_500; round++) metrics.sessionOpened(CALLER, SESSION);
  const asking = metrics.expose();
  for (let round = 0; round < 2_500; round++) metrics.sessionOpened(CALLER, SESSION);
  await asking;
  for (let round = 0; round < 2_500; round++) metrics.sessionOpened(CALLER, SESSION);
  assertEquals((await read(metrics)).get('codebeaker_sessions_opened_total{runtime="deno"}'), 7_500);
});

Deno.test("Metrics leaves out a figure that is none, and does not throw at whoever tells it", async () => {
  const metrics = makeMetrics();
  const broken = { ...EXECUTION, usage: { wallMs: Number.NaN, startupMs: -1, cpuMs: null, peakMemoryBytes: null } };
  for (let round = 0; round < 2; round++) {
    metrics.executionEnded(ended(broken, Number.POSITIVE_INFINITY));
    const samples = await read(metrics);
    assertEquals(
      samples.get('codebeaker_executions_total{runtime="deno",language="typescript",outcome="exited"}'),
      round + 1,
    );
    assertEquals(samples.get("codebeaker_queue_wait_seconds_count"), 0);
    assertEquals([...samples.keys()].filter((name) => /_(duration|startup|cpu)_/.test(name)), []);
  }
});

Deno.test("Metrics is read as Prometheus text, with help and type for each", async () => {
  const { contentType, text } = await makeMetrics().expose();
  assertEquals(contentType, "text/plain; version=0.0.4; charset=utf-8");
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  assertEquals(types.toSorted(), [
    "codebeaker_build_info gauge",
    "codebeaker_contexts gauge",
    "codebeaker_errors_total counter",
    "codebeaker_execution_cpu_seconds_total counter",
    "codebeaker_execution_duration_seconds histogram",
    "codebeaker_execution_failures_total counter",
    "codebeaker_execution_startup_seconds histogram",
    "codebeaker_executions_total counter",
    "codebeaker_fallbacks_total counter",
    "codebeaker_key_cpu_seconds_total counter",
    "codebeaker_key_executions_total counter",
    "codebeaker_pool_hits_total counter",
    "codebeaker_pool_misses_total counter",
    "codebeaker_pool_ready gauge",
    "codebeaker_queue_length gauge",
    "codebeaker_queue_wait_seconds histogram",
    "codebeaker_request_bytes gauge",
    "codebeaker_running gauge",
    "codebeaker_selections_total counter",
    "codebeaker_sessions gauge",
    "codebeaker_sessions_closed_total counter",
    "codebeaker_sessions_opened_total counter",
    "process_resident_memory_bytes gauge",
    "process_start_time_seconds gauge",
  ]);
  assertEquals([...text.matchAll(/^# HELP \S+ \S/gm)].length, types.length);
});

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { apiKeysSchema } from "../../src/core/key_policy.ts";
import { VERSION } from "../../src/core/version.ts";
import { haveIncreasingIds, type ServerEvent, serverEvents } from "../support/server_events.ts";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { samplesIn } from "../support/metric_samples.ts";
import { EVERY_RUNTIME, openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { startServiceProcess } from "../support/service_process.ts";
import { shareService } from "../support/shared_service.ts";
import { makeTar, readTar } from "../support/tar.ts";
import { until } from "../support/until.ts";

const shared = shareService();

const EXECUTIONS = "/v1/executions";
const TYPESCRIPT = { language: "typescript" };
const SLEEPER = 'console.log("begun"); setInterval(() => {}, 1000);';

/** What a problem has, whatever it is about. */
const PROBLEM = ["code", "detail", "requestId", "status", "title", "type"];

/** A request that is refused: its path and body, the status and the code of the answer, and what else that has. */
type Refusal = readonly [path: string, body: unknown, status: number, code: string, more: readonly string[]];

async function checkRefusal(client: ApiClient, [path, body, status, code, more]: Refusal): Promise<void> {
  const response = await client.ask("POST", path, body);
  const problem = await response.json();
  assertEquals([response.status, problem.status, problem.code], [status, status, code], JSON.stringify(problem));
  assertEquals([fieldsOf(problem), response.headers.get("content-type")], [
    [...PROBLEM, ...more].toSorted(),
    "application/problem+json",
  ]);
  assertEquals(response.headers.get("retry-after"), more.includes("retryAfterMs") ? "1" : null);
  assertEquals(problem.requestId, response.headers.get("x-request-id"));
}

/** The names of an object's fields, in order. */
function fieldsOf(value: object): string[] {
  return Object.keys(value).toSorted();
}

Deno.test("the contract's errors: each has its status, its code and what it carries", async () => {
  await using service = await openService({ maxSessions: 0 });
  const client = new ApiClient(service);
  const run = { ...TYPESCRIPT, code: "" };
  const cases: readonly Refusal[] = [
    [EXECUTIONS, { ...run, runtime: "dneo" }, 400, "invalid_request", ["errors"]],
    [EXECUTIONS, { ...run, timeoutMs: 300_001 }, 400, "invalid_request", ["errors"]],
    [EXECUTIONS, { ...run, env: { LD_PRELOAD: "x" } }, 400, "invalid_request", ["errors"]],
    [EXECUTIONS, { ...run, limits: { maxTotalOutputBytes: 4_294_967_297 } }, 400, "invalid_request", ["errors"]],
    [EXECUTIONS, { ...run, minIsolation: 11 }, 400, "invalid_request", ["errors"]],
    [EXECUTIONS, { ...run, files: ["a", "./a"].map((path) => ({ path, content: "" })) }, 400, "invalid_request", [
      "errors",
    ]],
    [EXECUTIONS, { ...run, permissions: { allowRead: ["/etc"] } }, 403, "permission_denied", ["errors"]],
    [EXECUTIONS, { ...run, permissions: { allowNet: ["127.0.0.1"] } }, 403, "permission_denied", ["errors"]],
    [EXECUTIONS, { ...run, files: [{ path: "../a", content: "" }] }, 403, "permission_denied", ["errors"]],
    ["/v1/sessions/sess_none/executions", { code: "" }, 404, "not_found", []],
    [EXECUTIONS, { ...run, code: "x".repeat(1_048_577) }, 413, "too_large", ["errors"]],
    [EXECUTIONS, { ...run, stdin: "x".repeat(16_777_216) }, 413, "too_large", []],
    [EXECUTIONS, { ...run, language: "cobol" }, 422, "unsupported_language", ["errors", "languages"]],
    [EXECUTIONS, { ...run, minIsolation: 10 }, 422, "no_suitable_runtime", ["errors", "selection"]],
    [
      EXECUTIONS,
      { ...run, runtime: "deno", permissions: { allowNet: true, allowRun: true } },
      422,
      "no_suitable_runtime",
      [
        "errors",
        "selection",
      ],
    ],
    ["/v1/sessions", TYPESCRIPT, 429, "busy", ["retryAfterMs"]],
  ];
  for (const refusal of cases) await checkRefusal(client, refusal);
  const unknown = await client.json("POST", EXECUTIONS, { ...run, codde: "" });
  assertStringIncludes(unknown.detail, 'did you mean "code"');
  assertEquals(unknown.errors[0].path, "codde");
});

Deno.test("the contract's one-shot: the answer, its defaults, and every way in which a program ends", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const run = (fields: Record<string, unknown>) => client.json("POST", EXECUTIONS, { ...TYPESCRIPT, ...fields });
  const { status, ...plain } = await client.json("POST", EXECUTIONS, {
    environment: "JS",
    code: 'const { sep } = require("node:path"); console.log(sep, process.argv[2], process.env.NAME);',
    args: ["x"],
    env: { NAME: "value" },
  });
  assertEquals([status, plain.stdout, plain.language, plain.runtime], [200, "/ x value\n", "javascript", "deno"]);
  assertEquals(fieldsOf(plain), [
    ...["createdAt", "denials", "exitCode", "id", "language", "outcome", "runtime", "state", "stderr", "stdout"],
    ...["truncated", "usage", "warm"],
  ]);
  assertEquals([fieldsOf(plain.usage), plain.truncated, plain.state], [
    ["cpuMs", "peakMemoryBytes", "startupMs", "wallMs"],
    { stdout: 0, stderr: 0 },
    "ended",
  ]);
  const code = 'Deno.mkdirSync("out"); for (const name of ["a", "b"]) Deno.writeTextFileSync(`out/${name}`, name);';
  const collected = await run({ code, outputs: ["/workspace/out/b", "out/*"] });
  assertEquals([collected.outputFiles, collected.outputFilesOmitted], [
    ["b", "a"].map((name) => ({ path: `out/${name}`, content: name, encoding: "utf8", bytes: 1 })),
    undefined,
  ]);
  assertEquals(await client.json("GET", `${EXECUTIONS}/${collected.id}`), collected);
  const full = await run({
    code: 'Deno.writeTextFileSync("small", "s"); const file = Deno.createSync("big"); ' +
      "for (;;) file.writeSync(new Uint8Array(65_536).fill(1));",
    limits: { diskMb: 8 },
    outputs: ["*"],
  });
  assertEquals([full.outcome.kind, full.outputFiles.map(({ path }: { path: string }) => path)], [
    "disk_limit",
    ["main.ts", "small"],
  ]);
  assertEquals(full.outputFilesOmitted, { count: 1, paths: ["big"] });
  const leaving = await run({ code, outputs: ["../*"] });
  assertEquals([leaving.status, leaving.code, leaving.errors[0].path], [403, "permission_denied", "outputs[0]"]);
  const explained = await run({ code: "", explain: true });
  assertEquals([explained.selection.chosen, explained.attempts], ["deno", []]);
  assertEquals(await client.json("GET", `${EXECUTIONS}/${explained.id}`), explained);
  assertEquals([typeof plain.warm, new Date(plain.createdAt).toISOString()], ["boolean", plain.createdAt]);
  const endings: readonly (readonly [Record<string, unknown>, Record<string, unknown>, number | null])[] = [
    [{ code: 'console.log("x"); Deno.exit(3);' }, { kind: "exited", exitCode: 3 }, 3],
    [{ code: 'console.log("x"); Deno.kill(Deno.pid, "SIGTERM");' }, { kind: "signaled", signal: "SIGTERM" }, null],
    [
      { code: 'console.log("x"); setInterval(() => {}, 99);', timeoutMs: 3_000 },
      { kind: "timed_out", limitMs: 3_000 },
      null,
    ],
    [{ code: 'console.log("x"); for (;;);', limits: { cpuMs: 100 } }, { kind: "cpu_limit", limitMs: 100 }, null],
    [
      {
        code: 'console.log("x"); const kept = []; for (;;) kept.push(new Uint8Array(1e6).fill(1));',
        limits: { memoryMb: 64 },
      },
      { kind: "memory_limit", limitMb: 64 },
      null,
    ],
  ];
  for (const [request, ended, exitCode] of endings) {
    const { outcome, ...execution } = await run(request);
    const observed = Object.keys(outcome).find((name) => name.startsWith("observed"));
    if (observed !== undefined) assertEquals(typeof outcome[observed], "number");
    assertEquals(observed !== undefined, /^(cpu|memory)_limit$/.test(outcome.kind));
    assertEquals({ ...outcome, ...(observed === undefined ? {} : { [observed]: 0 }) }, {
      ...ended,
      ...(observed === undefined ? {} : { [observed]: 0 }),
    });
    assertEquals([execution.status, execution.stdout, execution.exitCode], [200, "x\n", exitCode]);
  }
  const flood = await run({ code: 'for (;;) console.log("y".repeat(99));', limits: { maxTotalOutputBytes: 10_000 } });
  assertEquals([flood.outcome.kind, flood.outcome.limitBytes], ["output_limit", 10_000]);
  const long = await run({ code: 'console.log("a".repeat(50) + "b".repeat(50));', limits: { maxOutputBytes: 20 } });
  assertEquals([long.stdout, long.truncated, long.truncatedAt], [
    `${"a".repeat(10)}${"b".repeat(9)}\n`,
    { stdout: 81, stderr: 0 },
    { stdout: 10 },
  ]);
});

Deno.test("the contract's stream: started, stdout, stderr and last completed, with ids after which it continues", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const { id } = await client.openSession(TYPESCRIPT);
  for (const [path, more] of [[EXECUTIONS, TYPESCRIPT], [`/v1/sessions/${id}/executions`, {}]] as const) {
    const code = 'console.log("out"); console.error("err");';
    const response = await client.ask("POST", path, { ...more, code }, { accept: "text/event-stream" });
    assertEquals([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
    const events: ServerEvent[] = await Array.fromAsync(serverEvents(response.body ?? new ReadableStream()));
    const [started, ...others] = events;
    const completed = others.pop();
    assertEquals([started?.event, fieldsOf(started?.data)], ["started", ["id", "runtime"]]);
    assertEquals(
      new Map(others.map(({ event, data }) => [event, data])),
      new Map([
        ["stdout", { text: "out\n" }],
        ["stderr", { text: "err\n" }],
      ]),
    );
    const kept = await (await client.ask("GET", `${EXECUTIONS}/${started?.data.id}`)).json();
    assertEquals([completed?.event, completed?.data], ["completed", kept]);
    assert(haveIncreasingIds(events));
    const again = await client.ask("GET", `${EXECUTIONS}/${started?.data.id}/events`, undefined, {
      "last-event-id": String(started?.id),
    });
    const continued: ServerEvent[] = await Array.fromAsync(serverEvents(again.body ?? new ReadableStream()));
    assertEquals(continued.map(({ event, data }) => [event, data.text]), [
      ["stdout", "out\n"],
      ["stderr", "err\n"],
      ["completed", undefined],
    ]);
    assertEquals(continued.at(-1), completed);
    const { executions } = await client.json("GET", `${EXECUTIONS}?status=ended&limit=1`);
    const { denials: _denials, stderr: _stderr, stdout: _stdout, truncated: _truncated, ...entry } = kept;
    assertEquals(executions, [{ ...entry, preview: code }]);
  }
});

Deno.test("the contract's async: 202 with its Location, states, long-poll, stdin, DELETE, and one execution per key", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const submit = (code: string, key: string) =>
    client.ask("POST", EXECUTIONS, { ...TYPESCRIPT, code, timeoutMs: 60_000 }, {
      prefer: "respond-async",
      "idempotency-key": key,
    });
  const echo = "console.log(await new Response(Deno.stdin.readable).text());";
  const accepted = await submit(echo, "one");
  const { id } = await accepted.json();
  assertEquals([accepted.status, accepted.headers.get("location")], [202, `${EXECUTIONS}/${id}`]);
  assertEquals((await (await submit(echo, "one")).json()).id, id);
  assertEquals((await (await submit("1", "one")).json()).code, "conflict");
  const show = (query = "") => client.json("GET", `${EXECUTIONS}/${id}${query}`);
  const states = new Set<string>();
  await until(async () => states.add((await show()).state).has("running"), "it runs");
  states.delete("queued");
  assertEquals([...states], ["running"]);
  for (const input of [{ text: "he" }, { text: "y" }, { close: true }]) {
    assertEquals(await client.status("POST", `${EXECUTIONS}/${id}/stdin`, input), 204);
  }
  assertEquals((await show("?waitMs=10000")).stdout, "hey\n");
  assertEquals((await client.json("POST", `${EXECUTIONS}/${id}/stdin`, { text: "x" })).code, "conflict");
  const sleeping = await (await submit(SLEEPER, "two")).json();
  assertEquals(await client.status("DELETE", `${EXECUTIONS}/${sleeping.id}`), 204);
  const cancelled = await client.json("GET", `${EXECUTIONS}/${sleeping.id}?waitMs=10000`);
  assertEquals([cancelled.outcome, cancelled.exitCode], [{ kind: "cancelled" }, null]);
});

Deno.test("the contract's sessions: defaults, states, pages, limits that may only be lowered, and 204 at the end", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const created = await client.ask("POST", "/v1/sessions", { ...TYPESCRIPT, limits: { memoryMb: 128 } });
  const session = await created.json();
  const { id, createdAt, lastActivityAt, expiresAt } = session;
  assertEquals([created.status, created.headers.get("location")], [201, `/v1/sessions/${id}`]);
  assertEquals([session.language, session.runtime, session.state, session.executionCount, session.selection.chosen], [
    ...["typescript", "deno", "idle"],
    0,
    "deno",
  ]);
  assertEquals([Date.parse(expiresAt) - Date.parse(lastActivityAt), session.maxLifetimeMs], [1_800_000, 7_200_000]);
  assertEquals(new Date(createdAt).toISOString(), createdAt);
  const raised = await client.json("POST", `/v1/sessions/${id}/executions`, { code: "", limits: { memoryMb: 129 } });
  assertEquals([raised.code, raised.errors[0].path], ["invalid_request", "limits.memoryMb"]);
  const fixed = await client.json("POST", `/v1/sessions/${id}/executions`, { code: "", language: "typescript" });
  assertEquals(fixed.errors[0].path, "language");
  const running = client.run(id, { code: SLEEPER, timeoutMs: 60_000, limits: { memoryMb: 64 } });
  await until(async () => (await client.json("GET", `/v1/sessions/${id}`)).state === "active", "a program runs in it");
  await client.openSession({ environment: "ts" });
  const first = await client.json("GET", "/v1/sessions?limit=1");
  const second = await client.json("GET", `/v1/sessions?limit=1&cursor=${first.nextCursor}`);
  assertEquals([first.sessions.length, second.sessions[0].id, second.nextCursor], [1, id, undefined]);
  assertEquals(await client.status("DELETE", `/v1/sessions/${id}`), 204);
  assertEquals((await running).outcome.kind, "interrupted");
  const closed = await client.json("GET", `/v1/sessions/${id}`);
  assertEquals([closed.state, closed.executionCount], ["closed", 1]);
  for (const [path, body] of [["executions", { code: "" }], ["commands", { type: "list_files" }]] as const) {
    assertEquals(await client.status("POST", `/v1/sessions/${id}/${path}`, body), 409);
  }
});

Deno.test("the contract's files: raw bytes with ranges and ETag, a tree, and the workspace as a tar stream", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const { id } = await client.openSession(TYPESCRIPT);
  const files = `/v1/sessions/${id}/files`;
  const path = `${files}/d/a%20b.txt`;
  assertEquals(await client.status("PUT", path, "0123456789"), 201);
  const whole = await client.ask("GET", path);
  const etag = whole.headers.get("etag") ?? "";
  assertEquals([whole.status, await whole.text(), whole.headers.get("accept-ranges")], [200, "0123456789", "bytes"]);
  const part = await client.ask("GET", path, undefined, { range: "bytes=2-4" });
  assertEquals([part.status, await part.text(), part.headers.get("content-range")], [206, "234", "bytes 2-4/10"]);
  const same = await client.ask("GET", path, undefined, { "if-none-match": etag });
  assertEquals([same.status, await same.text()], [304, ""]);
  const head = await client.ask("HEAD", path);
  assertEquals([head.status, head.headers.get("content-length"), head.headers.get("etag")], [200, "10", etag]);
  await head.body?.cancel();
  assertEquals(await client.status("PUT", path, "new"), 204);
  assertEquals((await client.json("GET", `${files}/..%2Fx`)).code, "permission_denied");
  const { tree } = await client.json("GET", `${files}?path=.&recursive=true`);
  assertEquals(tree.children[0].children[0].path, "d/a b.txt");
  const archive = await client.ask("GET", `/v1/sessions/${id}/archive`);
  assertEquals(archive.headers.get("content-type"), "application/x-tar");
  assertEquals(await readTar(archive.body ?? new ReadableStream()), ["./d/ directory", "./d/a b.txt file new"]);
  const upload = await makeTar([{ name: "up/c", text: "c" }]);
  assertEquals(await client.status("PUT", `/v1/sessions/${id}/archive`, upload), 204);
  assertEquals(await (await client.ask("GET", `${files}/up/c`)).text(), "c");
  const leaving = await makeTar([{ name: "kept", text: "x" }, { name: "../out", text: "x" }]);
  assertEquals((await client.json("PUT", `/v1/sessions/${id}/archive`, leaving)).code, "permission_denied");
  assertEquals(await client.status("GET", `${files}/kept`), 404);
  assertEquals([await client.status("DELETE", path), await client.status("DELETE", path)], [204, 404]);
});

Deno.test("the contract's runtimes and operations: what they show, and what select explains", async () => {
  await using service = await openService({ warmMax: 4 }, EVERY_RUNTIME);
  const client = new ApiClient(service);
  const unavailable = { language: "cs", code: "" };
  await checkRefusal(client, [EXECUTIONS, unavailable, 503, "runtime_unavailable", ["attempts", "selection"]]);
  const { runtimes } = await client.json("GET", "/v1/runtimes");
  const named = (name: string) => runtimes.find((runtime: { name: string }) => runtime.name === name);
  const [deno, native, docker] = ["deno", "native", "docker"].map(named);
  assertEquals([deno.type, native.type, docker.type], ["Deno", "NativeProcess", "Docker"]);
  const shown = ["available", "capabilities", "environments", "isolation", "measured", "name", "pool", "type"];
  assertEquals([fieldsOf(deno), fieldsOf(docker)], [shown, [...shown, "reason", "remedy"].toSorted()]);
  assertEquals([fieldsOf(docker.environments[0]), typeof docker.environments[0].reason], [
    ["available", "contexts", "name", "reason", "remedy"],
    "string",
  ]);
  assertEquals(fieldsOf(deno.capabilities), [
    ...["isolationLevel", "maxConcurrentExecutions", "memoryOverheadMB", "startupTimeMs"],
    ...["supportsFilesystemPersistence", "supportsNetworkAccess"],
  ]);
  assertEquals(deno.measured, {
    samples: 0,
    startupMs: { p50: null, p95: null },
    memoryMb: { p50: null, p95: null },
    failures: 0,
  });
  assertEquals([fieldsOf(deno.isolation), deno.isolation.layers[0]], [["layers", "level", "limits"], "permissions"]);
  const { languages } = await client.json("GET", "/v1/languages");
  const { reason, ...csharp } = languages.find(({ name }: { name: string }) => name === "csharp");
  assertEquals(csharp, {
    ...{ name: "csharp", aliases: ["dotnet", "cs"], available: false, runtimes: ["docker"], contexts: false },
  });
  assertStringIncludes(reason, "install Docker Engine");
  const { status, ...none } = await client.json("POST", "/v1/runtimes/select", { ...TYPESCRIPT, minIsolation: 10 });
  assertEquals([status, none.chosen, none.floor, fieldsOf(none)], [200, null, 10, [
    ...["candidates", "chosen", "floor", "preference"],
  ]]);
  assertEquals([fieldsOf(none.candidates[0]), fieldsOf(none.candidates[0].inputs)], [
    ["inputs", "passed", "rejectedBecause", "runtime"],
    ["isolationLevel", "memoryMb", "source", "startupMs"],
  ]);
  assertEquals(fieldsOf(none.candidates[0].rejectedBecause), ["code", "detail"]);
  assertEquals(await (await client.ask("GET", "/health/live")).json(), { status: "live", version: VERSION });
  const ready = await client.json("GET", "/health/ready");
  const reasons = ready.runtimes.map(({ name, reason }: { name: string; reason?: string }) => [name, typeof reason]);
  assertEquals([reasons[0], reasons.at(-1)], [["deno", "undefined"], ["docker", "string"]]);
  assertEquals((await client.json("POST", EXECUTIONS, { ...TYPESCRIPT, code: "" })).status, 200);
  const metrics = await client.ask("GET", "/metrics");
  assertMatch(metrics.headers.get("content-type") ?? "", /^text\/plain/);
  const counted = 'codebeaker_executions_total{runtime="deno",language="typescript",outcome="exited"}';
  assertEquals(samplesIn(await metrics.text()).get(counted), 1);
});

Deno.test("the contract's keys: 401 without one, 403 without its scope, and open health", async () => {
  const secret = "k".repeat(32);
  const keys = JSON.stringify([{ name: "runner", key: secret, scopes: ["execute"] }]);
  await using service = await openService({ apiKeys: apiKeysSchema.parse(keys) });
  const nobody = await new ApiClient(service).ask("GET", "/v1/runtimes");
  assertEquals([nobody.status, nobody.headers.get("www-authenticate")], [401, "Bearer"]);
  assertEquals((await nobody.json()).code, "unauthorized");
  const runner = new ApiClient(service, secret);
  assertEquals(await runner.status("POST", EXECUTIONS, { ...TYPESCRIPT, code: "" }), 200);
  assertEquals((await runner.json("POST", "/v1/sessions", TYPESCRIPT)).code, "permission_denied");
  assertEquals((await runner.json("GET", "/metrics")).code, "permission_denied");
  assertEquals(await new ApiClient(service).status("GET", "/health/live"), 200);
});

if (isPresent("docker/python", await dockerAvailability("python", "bash"))) {
  Deno.test("[docker] the contract's one-shot: aliases, the workspace, and what only a container enforces", async () => {
    await using service = await startServiceProcess([], { CODEBEAKER_DOCKER_HOST: DOCKER_HOST });
    const client = new ApiClient(service);
    const python = await client.json("POST", EXECUTIONS, {
      language: "py",
      runtime: "docker",
      code: "import os, data\nprint(os.getcwd(), data.answer)",
      files: [{ path: "/workspace/data.py", content: "answer = 42" }],
    });
    assertEquals([python.language, python.runtime, python.stdout], ["python", "docker", "/workspace 42\n"]);
    const full = {
      ...{ language: "bash", runtime: "docker" },
      code: "echo x; head -c 9000000 /dev/zero > big",
      limits: { diskMb: 2 },
    };
    const { outcome, stdout } = await client.json("POST", EXECUTIONS, full);
    assertEquals([outcome.kind, outcome.limitMb, typeof outcome.observedMb, stdout], [
      "disk_limit",
      2,
      "number",
      "x\n",
    ]);
  });
}

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { delay } from "../../src/concurrency/delay.ts";
import type { RuntimeOptions } from "../../src/compose/runtimes.ts";
import type { Config } from "../../src/config.ts";
import { VERSION } from "../../src/core/version.ts";
import { statFieldsOf } from "../../src/process/process_tree.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { ApiClient } from "../support/api_client.ts";
import { untilBegun } from "../support/begun.ts";
import { RpcClient } from "../server/rpc/door.ts";
import { documentedFetch } from "../support/documented.ts";
import { FAKES, openService, type OwnService } from "../support/own_service.ts";
import { OpenContext } from "../support/open_context.ts";
import { startIn, withPlaces } from "../support/places.ts";
import { programAvailability } from "../support/requirements.ts";
import { isSpareLauncher } from "../support/spare_launcher.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { DENO_ALONE, NOTHING_RUNS } from "../support/variables.ts";

/**
 * A service whose directories are below one of its own, so that what it leaves can be seen, and in which nothing waits, so
 * that programs can be counted.
 */
async function withService(test: (service: ServiceProcess, scratch: string) => Promise<void>): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    await using service = await startServiceProcess(["--scratch", scratch, "--warm-max", "0"], DENO_ALONE);
    await test(service, scratch);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** The same in this process. */
async function withOwnService(
  test: (service: OwnService, scratch: string) => Promise<void>,
  settings: Partial<Config> = {},
  options?: RuntimeOptions,
): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    await Deno.chmod(scratch, 0o711); // Programs are other users than the service where it is root.
    await using service = await openService({ scratch, ...settings }, options);
    await test(service, scratch);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

async function post(
  service: Pick<ServiceProcess, "url">,
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await documentedFetch(`${service.url}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  return { status: response.status, body: await response.json() };
}

async function namesIn(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).toSorted();
}

/**
 * Programs are the processes that work in this scratch directory, or whose command line names it; one that stands around
 * another of them is none, nor is a launcher that waits, and one that is inside a file system of its own is counted by what stands around it.
 */
function programsBelow(scratch: string): number {
  const named = new Map<string, string>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      if (isSpareLauncher(line)) continue;
      const place = Deno.readLinkSync(`/proc/${name}/cwd`);
      if (`${line} ${place}`.includes(`${scratch}/codebeaker-`)) named.set(name, statFieldsOf(Number(name))[1] ?? "");
    } catch {
      // It is gone, or one of the kernel's own.
    }
  }
  return [...named.values()].filter((parent) => !named.has(parent)).length;
}

const SLEEPER = { language: "typescript", code: "setInterval(() => {}, 1000);", timeoutMs: 60_000 };

Deno.test("a stranger's first minutes: ready, runtimes, select, run, fail, fix", () =>
  withService(async (service, scratch) => {
    assertEquals((await (await documentedFetch(`${service.url}/health/ready`)).json()).status, "ready");
    const { runtimes } = await (await documentedFetch(`${service.url}/v1/runtimes`)).json();
    assertEquals([runtimes[0].name, runtimes[0].type, runtimes[0].available], ["deno", "Deno", true]);
    const selection = await post(service, "/v1/runtimes/select", { language: "typescript", preference: "memory" });
    assertEquals([selection.status, selection.body.chosen, selection.body.candidates[0].score], [200, "deno", -30]);
    const failed = await post(service, "/v1/executions", { language: "typescript", code: "console.log(answr);" });
    assertEquals([failed.status, failed.body.exitCode], [200, 1]);
    assertStringIncludes(failed.body.stderr, "ReferenceError: answr is not defined");
    const fixed = await post(service, "/v1/executions", {
      language: "typescript",
      files: [{
        path: "src/app.ts",
        content: 'import { answer } from "./answer.ts"; console.log(answer, Deno.readTextFileSync("data.csv"));',
      }, {
        path: "src/answer.ts",
        content: "export const answer = 42;",
      }, { path: "data.csv", content: "YSxi", encoding: "base64" }],
      entrypoint: "src/app.ts",
    });
    assertEquals([fixed.body.exitCode, fixed.body.stdout, fixed.body.warm], [0, "42 a,b\n", false]);
    assertMatch(fixed.body.id, /^exec_/);
    assertEquals(fixed.body.runtime, "deno");
    const { runtimes: [after] } = await (await documentedFetch(`${service.url}/v1/runtimes`)).json();
    assertEquals(after.measured.samples, 2);
    await until(async () => (await namesIn(scratch)).length === 2, "only the service's own directory is left");
    await until(() => programsBelow(scratch) === 0, "no program is left, and the next launcher waits");
    await until(() => /"path":"\/v1\/executions","status":200/.test(service.log()), "the request is logged");
  }));

Deno.test("a client that goes away cancels its program, however long that is", () =>
  withOwnService(async (service, scratch) => {
    for (const request of [SLEEPER, { ...SLEEPER, code: `${SLEEPER.code}\n// ${"x".repeat(100_000)}` }]) {
      const abort = new AbortController();
      const gone = post(service, "/v1/executions", request, abort.signal).catch((error: unknown) => error);
      await until(() => programsBelow(scratch) === 1, "the program runs");
      abort.abort();
      await gone;
      await until(() => programsBelow(scratch) === 0, "the program is gone");
    }
    assertEquals((await post(service, "/v1/executions", { language: "ts", code: "1" })).status, 200);
  }, { maxConcurrent: 1 }));

/** A client of this machine, which stays. */
const LOCAL = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
  completed: new Promise<void>(() => {}),
} as const;

Deno.test("a client that disconnects does not stop a program that another client has requested under the same key", async () => {
  const gate = await Deno.makeTempDir({ dir: "/var/tmp" }); // A program's own /tmp is another one.
  await Deno.chmod(gate, 0o755);
  await withOwnService(async (service, scratch) => {
    for (const second of [{ prefer: "respond-async" }, { accept: "text/event-stream" }, {}]) {
      const open = join(gate, crypto.randomUUID());
      const code = `console.log("begun"); const isOpen = () => Deno.stat("${open}").then(() => true, () => false);
        while (!await isOpen()) await new Promise((resolve) => setTimeout(resolve, 20)); console.log("done");`;
      await until(() => programsBelow(scratch) === 0, "nothing is left of the program before");
      const headers = { "idempotency-key": crypto.randomUUID() };
      const request = {
        method: "POST",
        body: JSON.stringify({ language: "typescript", code, permissions: { allowRead: [gate] }, timeoutMs: 60_000 }),
      };
      const abort = new AbortController();
      const first = documentedFetch(`${service.url}/v1/executions`, { ...request, headers, signal: abort.signal });
      const gone = first.catch((error: unknown) => error);
      await until(() => programsBelow(scratch) === 1, "the program runs");
      const { host } = new URL(service.url);
      const submit = (init: RequestInit) =>
        service.fetch(
          new Request(`${service.url}/v1/executions`, {
            ...{ ...request, ...init },
            headers: { ...headers, ...second, host },
          }),
          LOCAL,
        );
      const joined = submit({});
      // Nothing tells that it has come, but one that comes after it by the same way, and is refused.
      const refused = await submit({ body: request.body.replace("done", "gone") });
      assertEquals((await refused.json()).code, "conflict");
      abort.abort();
      assertEquals((await gone as Error).name, "AbortError");
      await Deno.writeTextFile(open, "");
      const answer = await joined;
      const text = await answer.text();
      const id = answer.headers.get("location")?.split("/").at(-1) ?? /"id":"(exec_\w+)"/.exec(text)?.[1];
      const report = await documentedFetch(`${service.url}/v1/executions/${id}?waitMs=10000`);
      const { outcome, stdout } = await report.json();
      assertEquals([second, outcome, stdout], [second, { kind: "exited", exitCode: 0 }, "begun\ndone\n"]);
      const repeated = await documentedFetch(`${service.url}/v1/executions`, {
        ...request,
        headers: { ...headers, prefer: "respond-async" },
      });
      assertEquals([repeated.status, await repeated.json()], [202, { id, status: "ended" }]);
    }
  }, { readRoots: [gate] });
  await Deno.remove(gate, { recursive: true });
});

Deno.test("what finds no place in time is told busy, and places come free again", () =>
  withOwnService(async (service, scratch) => {
    const abort = new AbortController();
    const first = post(service, "/v1/executions", SLEEPER, abort.signal).catch((error: unknown) => error);
    await until(() => programsBelow(scratch) === 1, "the program runs");
    const { status, body } = await post(service, "/v1/executions", SLEEPER);
    assertEquals([status, body.code, body.retryAfterMs], [429, "busy", 1_000]);
    abort.abort();
    await first;
    const isFree = async () => (await post(service, "/v1/executions", { language: "ts", code: "1" })).status === 200;
    await until(isFree, "the place is free again");
  }, { maxConcurrent: 1 }));

/** Lets all that it has printed be seen before it ends. */
const FINISHING = 'console.log("begun"); setTimeout(() => console.log("done"), 1_500);';

Deno.test("SIGTERM lets programs finish, whoever asked for them, interrupts what does not, closes sessions and WebSockets, and leaves nothing", () =>
  withPlaces(async (places) => {
    await using service = await startIn(places, ["--warm-max", "0", "--drain-ms", "5000"]);
    const client = new ApiClient(service);
    const rpc = await RpcClient.open(`${service.url.replace("http", "ws")}/ws/jsonrpc`);
    const { hostname, port } = new URL(service.url);
    using half = await Deno.connect({ hostname, port: Number(port) });
    await half.write(
      new TextEncoder().encode("POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n{"),
    );

    const session = await client.openSession({ language: "javascript" });
    const idle = await OpenContext.open(client, session.id);
    await idle.run("setInterval(() => console.log('on and on'), 1)");
    const context = await OpenContext.open(client, session.id);
    const cell = context.run("await new Promise(() => {})", { timeoutMs: 60_000 });
    const endless = client.json("POST", "/v1/executions", SLEEPER);

    const program = { language: "typescript", code: FINISHING };
    const oneShot = client.json("POST", "/v1/executions", program);
    const waited = rpc.call("execution.run", { ...program, wait: true });
    const { sessionId } = (await rpc.call("session.create", { language: "typescript" })).result;
    const command = { type: "execute", code: FINISHING };
    const inSession = rpc.call("session.execute", { sessionId, command });
    const followed = { language: "typescript", code: `/* followed */ ${FINISHING}`, stream: true, stdin: "" };
    await rpc.call("execution.run", followed);
    const state = async (id: string) => await client.json("GET", `/v1/sessions/${id}`);
    await until(async () => (await state(session.id)).state === "active", "the cell runs");
    await until(async () => (await state(sessionId)).executionCount === 1, "the program of the session runs");
    await untilBegun(service, 4);

    service.process.kill("SIGTERM");
    const isReady = async () => await client.status("GET", "/health/ready") === 200;
    await until(async () => !await isReady(), "nothing more is sent to it");
    assertEquals([(await oneShot).stdout, (await waited).result.stdout, (await inSession).result.result.stdout], [
      ...["begun\ndone\n", "begun\ndone\n", "begun\ndone\n"],
    ]);
    const stopped = { kind: "interrupted", reason: "the service was shut down" };
    assertEquals([(await endless).outcome, (await cell).outcome], [stopped, stopped]);
    assertEquals([(await rpc.closed).code, (await service.process.status).code], [1001, 0]);
    const { method, params } = rpc.notifications.at(-1) ?? {};
    assertEquals([method, params.status], ["execution.completed", "completed"]);
    assertEquals([await namesIn(places.scratch), programsBelow(places.scratch)], [[], 0]);
    using storage = openStorage(join(places.home, "codebeaker.db"));
    for (const id of [session.id, sessionId]) {
      assertEquals(storage.sessions.find("local", id)?.closedBecause, "service_stopped");
    }
  }));

Deno.test("a service that can run nothing starts all the same, and says why", () =>
  withOwnService(
    async (service) => {
      const ready = await documentedFetch(`${service.url}/health/ready`);
      const { runtimes } = await ready.json();
      assertEquals(ready.status, 503);
      assertStringIncludes(runtimes[0].reason, "/nope/deno");
      assertEquals(runtimes[0].remedy, "name another binary of Deno (--deno-binary), or none to run the service's own");
      const refused = await post(service, "/v1/executions", { language: "typescript", code: "1" });
      assertEquals([refused.status, refused.body.code, refused.body.selection.chosen], [
        503,
        "runtime_unavailable",
        null,
      ]);
      assertEquals(refused.body.retryAfterMs, undefined);
    },
    { searchPath: [], runtimes: { deno: { denoBinary: "/nope/deno" }, wasm: { denoBinary: "/nope/deno" } } },
  ));

Deno.test("a service that runs out of descriptors answers again when they are free", () =>
  withService(async (service) => {
    const limit = ["--pid", String(service.process.pid), "--nofile=64:64"];
    const { available: limited } = await programAvailability("prlimit", limit);
    if (!limited) return assert(Deno.build.os !== "linux", "prlimit is part of util-linux");
    const { hostname, port } = new URL(service.url);
    const silent = await Promise.allSettled(
      Array.from({ length: 100 }, () => Deno.connect({ hostname, port: Number(port) })),
    );
    await until(() => service.log().includes("Too many open files"), "it runs out of descriptors");
    for (const connection of silent) if (connection.status === "fulfilled") connection.value.close();
    await until(
      async () =>
        await documentedFetch(`${service.url}/health/live`).then(
          async (response) => (await response.text(), response.ok),
          () => false,
        ),
      "it answers again",
    );
  }));

Deno.test("a service whose log cannot be written serves on, and ends in order", async () => {
  const unwritable = ["/bin/sh", "-c", 'exec "$@" 2>/dev/full', "sh"];
  const service = await startServiceProcess([], NOTHING_RUNS, { through: unwritable });
  let status: Deno.CommandStatus;
  try {
    for (let count = 0; count < 3; count++) {
      assertEquals(
        (await documentedFetch(`${service.url}/v1/sessions`).then((response) => response.json())).sessions,
        [],
      );
      await delay(50); // Longer than lines wait for others.
    }
  } finally {
    await service[Symbol.asyncDispose]();
    status = await service.process.status;
  }
  assertEquals([status.code, service.log()], [0, ""]);
});

Deno.test("a client that speaks HTTP/2 is served", async () => {
  await withOwnService(
    async (service) => {
      const client = Deno.createHttpClient({ http1: false, http2: true });
      const response = await fetch(`${service.url}/health/live`, { client });
      assertEquals([response.status, await response.json()], [200, { status: "live", version: VERSION }]);
      client.close();
    },
    {},
    FAKES,
  );
});

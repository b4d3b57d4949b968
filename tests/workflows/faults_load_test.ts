import { assert, assertEquals } from "@std/assert";
import { residentMb } from "../../bench/process_memory.ts";
import { SOCKET_LIMITS } from "../../src/server/sockets/limits.ts";
import { RawClient } from "../server/rpc/raw_client.ts";
import { ApiClient } from "../support/api_client.ts";
import { FootprintWatch, NOTHING } from "../support/footprint.ts";
import { createKey } from "../support/keys.ts";
import { startIn, withPlaces } from "../support/places.ts";
import type { ServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const HELLO = { language: "typescript", code: "console.log('hello')" };
const MEGABYTE = 1_048_576;
/** Prints far more than all that any reader here takes. */
const FLOOD = {
  language: "typescript",
  code: "const line = 'x'.repeat(65_535); for (;;) console.log(line)",
  timeoutMs: 120_000,
  limits: { maxTotalOutputBytes: 512 * MEGABYTE },
};
/** Readers of each kind, and what all of them together may cost the service. */
const SLOW_READERS = 3;
const MAX_GROWTH_MB = 160;

const SILENT = 2_000;
const HALVES = [
  "",
  "POST /v1/exec",
  "POST /v1/executions HTTP/1.1\r\nHost: localhost\r\n",
  "POST /v1/executions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n{",
] as const;

function portOf({ url }: ServiceProcess): number {
  return Number(new URL(url).port);
}

async function connect(service: ServiceProcess, text: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: portOf(service) });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  return connection;
}

/** A request whose answer is read only when its test does so. */
async function request(
  service: ServiceProcess,
  { method = "GET", path, body = "", accept = "*/*" }: {
    readonly method?: string;
    readonly path: string;
    readonly body?: string;
    readonly accept?: string;
  },
): Promise<Deno.TcpConn> {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    `Accept: ${accept}`,
    `Content-Length: ${body.length}`,
  ];
  return await connect(service, `${lines.join("\r\n")}\r\n\r\n${body}`);
}

function descriptorsOf({ process }: ServiceProcess): number {
  return [...Deno.readDirSync(`/proc/${process.pid}/fd`)].length;
}

/** The most descriptors that a process may have: proc_pid_limits(5). */
function maxDescriptorsOf({ process }: ServiceProcess): { readonly soft: number; readonly hard: number } {
  const limits = Deno.readTextFileSync(`/proc/${process.pid}/limits`);
  const [, soft, hard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits) ?? [];
  return { soft: Number(soft), hard: Number(hard) };
}

async function checkServed(client: ApiClient): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const { status, stdout } = await client.json("POST", "/v1/executions", HELLO);
    assertEquals([status, stdout], [200, "hello\n"]);
  }
}

Deno.test("slow readers: of events, of a WebSocket and of plain answers: little memory, others are served, and nothing hangs at the end", () =>
  withPlaces(async (places) => {
    const watch = new FootprintWatch(places.scratch);
    await using service = await startIn(places, ["--max-concurrent", "16"]);
    watch.learn(service.process.pid);
    const client = new ApiClient(service);
    const full = await client.json("POST", "/v1/executions", {
      ...FLOOD,
      limits: { maxTotalOutputBytes: 8 * MEGABYTE, maxOutputBytes: MEGABYTE },
    });
    assertEquals([full.outcome.kind, full.stdout.length >= MEGABYTE], ["output_limit", true]);
    await checkServed(client);
    const beforeMb = residentMb(service.process.pid);

    await using readers = new AsyncDisposableStack();
    for (let index = 0; index < SLOW_READERS; index++) {
      const body = JSON.stringify(FLOOD);
      const events = { method: "POST", path: "/v1/executions", accept: "text/event-stream", body };
      readers.adopt(await request(service, events), (connection) => connection.close());
      const socket = readers.use(await RawClient.open(portOf(service)));
      await socket.send(JSON.stringify({
        ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
        params: { clientInfo: { name: "slow", version: "1" }, capabilities: { streaming: true } },
      }));
      await socket.send(JSON.stringify({
        ...{ jsonrpc: "2.0", id: 2, method: "execution.run" },
        params: { ...FLOOD, stream: true, stdin: "" },
      }));
    }
    for (let index = 0; index < 20; index++) {
      readers.adopt(await request(service, { path: `/v1/executions/${full.id}` }), (connection) => connection.close());
    }
    const trickle = readers.adopt(
      await request(service, { path: `/v1/executions/${full.id}` }),
      (connection) => connection.close(),
    );
    let trickled = 0;
    for (let second = 0; second < 3; second++) {
      trickled += await trickle.read(new Uint8Array(1_024)) ?? 0;
      await checkServed(client);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    assert(trickled > 1_024 && trickled <= 3 * 1_024);
    const areWaiting = async () => (await watch.look()).processes.length >= 2 * SLOW_READERS;
    await until(areWaiting, "the programs wait for their readers");
    const growthMb = residentMb(service.process.pid) - beforeMb;
    assert(growthMb < MAX_GROWTH_MB, `${growthMb} MB more`);

    service.process.kill("SIGTERM");
    assertEquals((await service.process.status).code, 0);
    assertEquals(await watch.look(), NOTHING);
  }));

Deno.test("2,000 clients that connect and stay silent: the others are served, and every descriptor comes back", () =>
  withPlaces(async (places) => {
    await using service = await startIn(places);
    const client = new ApiClient(service);
    await checkServed(client);
    const before = { descriptors: descriptorsOf(service), mb: residentMb(service.process.pid) };
    const { soft, hard } = maxDescriptorsOf(service);
    assertEquals(soft, hard, "Deno has raised what it may have to all that it can");
    {
      await using silent = new AsyncDisposableStack();
      for (let index = 0; index < SOCKET_LIMITS.maxSocketsPerTenant; index++) {
        silent.use(await RawClient.open(portOf(service)));
      }
      const late = await client.json("GET", "/ws/jsonrpc", undefined, {
        ...{ "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13" },
        "sec-websocket-key": new Uint8Array(16).toBase64(),
      }).catch(() => ({ status: 429 }));
      assertEquals(late.status, 429);
      const count = Math.min(SILENT, Math.floor(hard * 0.8));
      for (let index = 0; index < count; index++) {
        silent.adopt(await connect(service, HALVES[index % HALVES.length] ?? ""), (connection) => connection.close());
      }
      await until(() => descriptorsOf(service) >= before.descriptors + count, "all of them are accepted");
      await checkServed(client);
      const sessionId = (await client.openSession({ language: "typescript" })).id;
      assertEquals((await client.run(sessionId, { code: "console.log(1)" })).stdout, "1\n");
      assertEquals(await client.status("DELETE", `/v1/sessions/${sessionId}`), 204);
      const growthMb = residentMb(service.process.pid) - before.mb;
      assert(growthMb < MAX_GROWTH_MB, `${growthMb} MB more`);
    }
    await until(() => descriptorsOf(service) < before.descriptors + 50, "their descriptors are free again");
    await checkServed(client);
    service.process.kill("SIGTERM");
    assertEquals((await service.process.status).code, 0);
  }));

/** The head of a request whose body is the largest there may be, and all of that but its end. */
function unfinished(path: string, { key, start }: { readonly key: string; readonly start: string }): string {
  const lines = [
    `POST ${path} HTTP/1.1`,
    "Host: localhost",
    `Authorization: Bearer ${key}`,
    `Content-Length: ${16 * MEGABYTE}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${start.padEnd(16 * MEGABYTE - 2, "x")}`;
}

Deno.test("24 large bodies that never end, from one tenant: it is busy, another is served, and memory stays bounded", () =>
  withPlaces(async (places) => {
    const [greedyKey, otherKey] = [await createKey(places.home, "greedy"), await createKey(places.home, "other")];
    await using service = await startIn(places);
    const [greedy, other] = [new ApiClient(service, greedyKey), new ApiClient(service, otherKey)];
    await checkServed(other);
    const beforeMb = residentMb(service.process.pid);
    const large = { ...HELLO, stdin: "x".repeat(8 * MEGABYTE) };
    {
      await using silent = new AsyncDisposableStack();
      const text = unfinished("/v1/executions", { key: greedyKey, start: '{"language":"typescript","code":"' });
      for (let index = 0; index < 24; index++) {
        const connection = await connect(service, text).catch(() => undefined); // What is refused may be cut off.
        if (connection !== undefined) silent.adopt(connection, (connection) => connection.close());
      }
      const refused = await greedy.json("POST", "/v1/executions", large);
      assertEquals([refused.status, refused.code], [429, "busy"]);
      await checkServed(greedy);
      await checkServed(other);
      assertEquals((await other.json("POST", "/v1/executions", large)).stdout, "hello\n");
      const growthMb = residentMb(service.process.pid) - beforeMb;
      assert(growthMb < 2 * MAX_GROWTH_MB, `${growthMb} MB more`);
    }
    await until(
      async () => (await greedy.json("POST", "/v1/executions", large)).status === 200,
      "it has room again when they are gone",
    );
    service.process.kill("SIGTERM");
    assertEquals((await service.process.status).code, 0);
  }));

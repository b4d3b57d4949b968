import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";
import { runAlone } from "../support/cli.ts";
import { findOnPath } from "../support/find_node.ts";
import { freePort } from "../support/free_port.ts";
import { createKey } from "../support/keys.ts";
import { mountOwnDisk, type OwnDisk, ownDiskAvailability } from "../support/own_disk.ts";
import { isPresent } from "../support/requirements.ts";
import { callTool } from "../support/service_image.ts";
import { PROJECT, type ServiceProcess, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const HELLO = { language: "typescript", code: "console.log('hello')" };
/** A program that prints, and then goes on. */
const TICKING = { language: "typescript", code: "console.log('begun'); setInterval(() => {}, 1_000);" };

/** nginx before a service, with the configuration that the docs name. */
interface Proxy extends AsyncDisposable {
  ask(method: string, path: string, options?: AskOptions): Promise<Response>;
  /** The first line of the answer to the handshake of a WebSocket. */
  openSocket(path: string, key: string): Promise<string>;
}

interface AskOptions {
  readonly body?: unknown;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function toolAvailability(...names: readonly string[]): Availability {
  const absent = names.filter((name) => findOnPath(name) === undefined);
  return absent.length === 0
    ? { available: true }
    : { available: false, reason: `${absent.join(" and ")} cannot be found` };
}

/** Replaces texts, each of which must be there. */
function replaceEach(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((result, [from, to]) => {
    assert(result.includes(from), `${from} is missing`);
    return result.replaceAll(from, to);
  }, text);
}

/** Starts a tool that runs until it is disposed of. */
function startTool(file: string, args: readonly string[]): AsyncDisposable {
  const process = new Deno.Command(file, { args: [...args], stdin: "null", stdout: "null", stderr: "null" }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}

async function openProxy(directory: string, servicePort: number): Promise<Proxy> {
  const port = freePort();
  const at = (name: string) => join(directory, name);
  const subject = [
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ];
  const files = ["-keyout", at("proxy.key"), "-out", at("proxy.crt")];
  await callTool("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...files, ...subject], {});
  const part = replaceEach(await Deno.readTextFile(join(PROJECT, "packaging/nginx.conf")), {
    "listen 443 ssl": `listen 127.0.0.1:${port} ssl`,
    "codebeaker.example": "localhost",
    "/etc/nginx/codebeaker.crt": at("proxy.crt"),
    "/etc/nginx/codebeaker.key": at("proxy.key"),
    "http://127.0.0.1:8000;": `http://127.0.0.1:${servicePort};`,
  });
  await Deno.mkdir(at("tmp"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${at("tmp")}/${name};`).join(" ");
  const whole = `daemon off; pid ${at("nginx.pid")}; error_log ${at("nginx.log")};
events {}
http { access_log off; ${temporary}
${part}}
`;
  await Deno.writeTextFile(at("nginx.conf"), whole);
  await using opening = new AsyncDisposableStack();
  opening.use(startTool("nginx", ["-c", at("nginx.conf"), "-e", at("nginx.log")]));
  const caCerts = [await Deno.readTextFile(at("proxy.crt"))];
  const client = opening.use(Deno.createHttpClient({ caCerts }));
  const ask: Proxy["ask"] = (method, path, { body, headers = {}, key } = {}) =>
    fetch(`https://localhost:${port}${path}`, {
      client,
      method,
      headers: { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await until(
    () => ask("GET", "/health/live").then(async (answer) => (await answer.text(), answer.ok), () => false),
    "nginx serves",
  );
  const owned = opening.move();
  return {
    ask,
    async openSocket(path, key) {
      using connection = await Deno.connectTls({ hostname: "localhost", port, caCerts });
      const head = [
        `GET ${path} HTTP/1.1`,
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        `Authorization: Bearer ${key}`,
      ];
      await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
      const buffer = new Uint8Array(4_096);
      const count = await connection.read(buffer) ?? 0;
      return new TextDecoder().decode(buffer.subarray(0, count)).split("\r\n")[0] ?? "";
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Starts Prometheus with the part of its configuration that the package has; returns a query of one value. */
async function openPrometheus(
  directory: string,
  { key, port }: { readonly key: string; readonly port: number },
): Promise<AsyncDisposable & { query(text: string): Promise<number> }> {
  const own = freePort();
  const at = (name: string) => join(directory, name);
  const part = replaceEach(await Deno.readTextFile(join(PROJECT, "packaging/prometheus.yml")), {
    "/etc/prometheus/codebeaker.key": at("scrape.key"),
    "127.0.0.1:8000": `127.0.0.1:${port}`,
  });
  await Deno.writeTextFile(at("scrape.key"), key);
  await Deno.writeTextFile(at("prometheus.yml"), `global: { scrape_interval: 1s }\n${part}`);
  const server = startTool("prometheus", [
    `--config.file=${at("prometheus.yml")}`,
    `--storage.tsdb.path=${at("series")}`,
    `--web.listen-address=127.0.0.1:${own}`,
  ]);
  return {
    async query(text) {
      const url = `http://127.0.0.1:${own}/api/v1/query?query=${encodeURIComponent(text)}`;
      const answer = await fetch(url).then((response) => response.json()).catch(() => undefined); // It is not ready yet.
      return Number(answer?.data?.result?.[0]?.value?.[1] ?? Number.NaN);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Reads a stream until it has a text. It hangs where a proxy keeps the stream back. */
async function readUntil(stream: ReadableStream<Uint8Array<ArrayBuffer>>, text: string): Promise<void> {
  let read = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    read += chunk;
    if (read.includes(text)) return;
  }
  throw new Error(`${text} is not among ${read}`);
}

async function startOn(home: string, port: number): Promise<ServiceProcess> {
  return await startServiceProcess(["--port", String(port)], { CODEBEAKER_HOME: home });
}

const tools = toolAvailability("nginx", "openssl", "prometheus", "promtool", "sqlite3");
const canRun = isPresent("nginx", tools) && isPresent("mount", await ownDiskAvailability());

/** A service that an operator can restart, on its own disk and port. */
interface Site {
  readonly disk: OwnDisk;
  readonly port: number;
  readonly proxy: Proxy;
  /** A key of an operator, and one of a client. */
  readonly keys: { readonly ops: string; readonly ci: string };
  service: ServiceProcess;
}

/** An execution that is stored before its answer. */
async function runStored({ keys, proxy }: Site): Promise<string> {
  const headers = { "idempotency-key": crypto.randomUUID() };
  const answer = await proxy.ask("POST", "/v1/executions", { body: HELLO, key: keys.ci, headers });
  const { id, stdout } = await answer.json();
  assertEquals([answer.status, stdout], [200, "hello\n"]);
  return id;
}

async function checkProxy({ keys, proxy }: Site): Promise<void> {
  const anonymous = await proxy.ask("POST", "/v1/executions", { body: HELLO });
  await anonymous.body?.cancel();
  assertEquals(anonymous.status, 401);
  const headers = { accept: "text/event-stream" };
  const { body } = await proxy.ask("POST", "/v1/executions", { body: TICKING, key: keys.ci, headers });
  assert(body !== null);
  await readUntil(body, "begun"); // The program has not ended.
  assertStringIncludes(await proxy.openSocket("/ws/jsonrpc", keys.ci), "101");
}

async function checkPrometheus(directory: string, { keys, port, proxy }: Site): Promise<void> {
  await using prometheus = await openPrometheus(directory, { key: keys.ops, port });
  const isScraped = async () => await prometheus.query('codebeaker_key_executions_total{key="ci"}') >= 1;
  await until(isScraped, "Prometheus has scraped the executions of the key");
  assertEquals(await prometheus.query('up{job="codebeaker"}'), 1);
  const { status } = await proxy.ask("GET", "/metrics", { key: keys.ci }).then(async (answer) => {
    await answer.body?.cancel();
    return answer;
  });
  assertEquals(status, 403);
  const metrics = await (await proxy.ask("GET", "/metrics", { key: keys.ops })).text();
  const file = join(directory, "metrics.txt");
  await Deno.writeTextFile(file, metrics);
  await callTool("sh", ["-c", `promtool check metrics <"${file}"`], {});
}

async function checkFullDisk({ disk, keys, proxy }: Site): Promise<void> {
  const ready = async () => {
    const answer = await proxy.ask("GET", "/health/ready");
    return { status: answer.status, ...await answer.json() };
  };
  const giveBack = await disk.fill();
  await until(async () => (await ready()).faults?.[0]?.name === "storage", "readiness has the fault");
  assertMatch((await ready()).faults[0].reason, /No space left/);
  const plain = await proxy.ask("POST", "/v1/executions", { body: HELLO, key: keys.ci });
  assertEquals((await plain.json()).stdout, "hello\n");
  await giveBack();
  await until(async () => (await ready()).faults === undefined, "there is room again");
}

/** Replaces the home by the copy of the database that the docs tell to make, and starts the service on it. */
async function restore(site: Site, ids: readonly string[]): Promise<void> {
  const { disk, keys, port, proxy } = site;
  const database = join(disk.path, "codebeaker.db");
  const copy = join(disk.path, "copy.db");
  await callTool("sqlite3", [database, `VACUUM INTO '${copy}'`], {}); // The service runs.
  await site.service[Symbol.asyncDispose]();
  for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(`${database}${suffix}`).catch(() => {}); // An end leaves no log.
  await Deno.rename(copy, database);
  site.service = await startOn(disk.path, port);
  for (const id of ids) {
    const kept = await proxy.ask("GET", `/v1/executions/${id}`, { key: keys.ci });
    assertEquals([kept.status, (await kept.json()).stdout], [200, "hello\n"]);
  }
}

async function checkRevoked({ disk, keys, proxy }: Site): Promise<void> {
  const revoked = await runAlone(["keys", "revoke", "ci", "--home", disk.path]);
  assertEquals(revoked.code, 0, revoked.stderr);
  const statusOf = async (key: string) => {
    const answer = await proxy.ask("GET", "/v1/languages", { key });
    await answer.body?.cancel();
    return answer.status;
  };
  await until(async () => await statusOf(keys.ci) === 401, "the key is refused");
  assertEquals(await statusOf(keys.ops), 200);
}

if (canRun) {
  Deno.test("an operator's day: nginx before the service, keys, Prometheus, a full disk, a restart, a backup that is restored", async () => {
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const disk = stack.use(await mountOwnDisk(16));
    const keys = {
      ops: await createKey(disk.path, "ops", "--scopes", "admin"),
      ci: await createKey(disk.path, "ci"),
    };
    const port = freePort();
    const service = stack.use(await startOn(disk.path, port));
    const site: Site = { disk, keys, port, service, proxy: stack.use(await openProxy(directory, port)) };
    stack.defer(() => site.service[Symbol.asyncDispose]());
    const ids = [await runStored(site)];
    await checkProxy(site);
    await checkPrometheus(directory, site);
    await checkFullDisk(site);
    ids.push(await runStored(site));
    await service[Symbol.asyncDispose]();
    assertEquals((await service.process.status).code, 0);
    site.service = await startOn(disk.path, port);
    await restore(site, ids);
    await checkRevoked(site);
  });
}

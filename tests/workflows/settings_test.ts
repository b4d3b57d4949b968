import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { type Config, loadConfig } from "../../src/config.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { apiKeysSchema } from "../../src/core/key_policy.ts";
import { docker } from "../../src/runtimes/docker/entry.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { openStorage, type StorageOptions } from "../../src/storage/mod.ts";
import { RpcClient } from "../server/rpc/door.ts";
import { endOf } from "../storage/samples.ts";
import { ApiClient } from "../support/api_client.ts";
import { runAlone } from "../support/cli.ts";
import { FAKES, openService } from "../support/own_service.ts";
import { describe } from "../support/service_client.ts";
import { withVariables } from "../support/variables.ts";

const EXECUTIONS = "/v1/executions";
const TYPESCRIPT = { language: "typescript" };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Keeps an execution in a home, as one that ended so long ago. */
function keepExecution(home: string, { id, agoMs }: { readonly id: string; readonly agoMs: number }): void {
  const options: StorageOptions = { now: () => Date.now() - agoMs };
  using storage = openStorage(join(home, "codebeaker.db"), options);
  storage.executions.begin({ tenant: "local", draft: endOf(id) });
  storage.executions.end(endOf(id));
}

/** Whether each execution is found by a service that is started with these settings. */
async function statusesAfterStart(settings: Partial<Config>, ids: readonly string[]): Promise<number[]> {
  await using service = await openService(settings, FAKES);
  const client = new ApiClient(service);
  return await Promise.all(ids.map((id) => client.status("GET", `${EXECUTIONS}/${id}`)));
}

for (const isKept of [false, true]) {
  Deno.test(`the audit log ${isKept ? "has" : "has nothing of"} what was run ${isKept ? "with" : "without"} keepSource`, () =>
    inDirectory(async (home) => {
      {
        await using service = await openService({ home, keepSource: isKept }, FAKES);
        const request = { ...TYPESCRIPT, code: "'the code'", stdin: "the input", env: { NAME: "the value" } };
        assertEquals(await new ApiClient(service).status("POST", EXECUTIONS, request), 200);
      }
      const { stdout } = await runAlone(["audit", "--home", home]);
      const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(lines.map(({ action, facts }) => [action, facts.source]), [[
        "execution",
        isKept ? { code: "'the code'", stdin: "the input", env: { NAME: "the value" } } : undefined,
      ]]);
      assertEquals(["the code", "the input", "the value"].map((text) => stdout.includes(text)), Array(3).fill(isKept));
    }));
}

Deno.test("outputRetentionHours bounds how long executions are kept, from the start on", () =>
  inDirectory(async (home) => {
    keepExecution(home, { id: "exec_old", agoMs: 3 * HOUR_MS });
    keepExecution(home, { id: "exec_young", agoMs: HOUR_MS });
    const ids = ["exec_old", "exec_young"];
    assertEquals(await statusesAfterStart({ home }, ids), [200, 200]);
    assertEquals(await statusesAfterStart({ home, outputRetentionHours: 2 }, ids), [404, 200]);
  }));

Deno.test("maxStoredOutputMb bounds how much executions take together, and those that ended first go", () =>
  inDirectory(async (home) => {
    keepExecution(home, { id: "exec_first", agoMs: 2_000 });
    keepExecution(home, { id: "exec_second", agoMs: 1_000 });
    {
      using database = new DatabaseSync(join(home, "codebeaker.db"));
      database.exec("UPDATE executions SET bytes = 100 * 1048576");
    }
    const ids = ["exec_first", "exec_second"];
    assertEquals(await statusesAfterStart({ home, maxStoredOutputMb: 200 }, ids), [200, 200]);
    assertEquals(await statusesAfterStart({ home, maxStoredOutputMb: 199 }, ids), [404, 200]);
  }));

Deno.test("auditRetentionDays bounds how long lines of the audit log are kept, from the start on", () =>
  inDirectory(async (home) => {
    {
      using storage = openStorage(join(home, "codebeaker.db"));
      for (const days of [3, 1]) {
        const at = new Date(Date.now() - days * DAY_MS).toISOString();
        storage.audit.append({ at, tenant: null, key: null, action: "refused", subject: `${days} d`, facts: {} });
      }
    }
    const subjects = async (settings: Partial<Config>) => {
      await using _service = await openService({ home, ...settings }, FAKES);
      using storage = openStorage(join(home, "codebeaker.db"));
      return storage.audit.read({ limit: 10 }).map(({ subject }) => subject);
    };
    assertEquals(await subjects({}), ["3 d", "1 d"]);
    assertEquals(await subjects({ auditRetentionDays: 2 }), ["1 d"]);
  }));

Deno.test("readRoots and writeRoots are what requests may ask to read and to write, and nothing beside them", () =>
  inDirectory(async (directory) => {
    await Deno.chmod(directory, 0o755); // Programs are other users than the service where it is root.
    const [readable, writable, other] = ["readable", "writable", "other"].map((name) => join(directory, name));
    for (const path of [readable, writable, other]) {
      await Deno.mkdir(path ?? "");
      await Deno.writeTextFile(join(path ?? "", "note"), path ?? "");
      for (const opened of [path ?? "", join(path ?? "", "note")]) await Deno.chmod(opened, 0o777);
    }
    await using service = await openService({ readRoots: [readable ?? ""], writeRoots: [writable ?? ""] });
    const client = new ApiClient(service);
    const run = (permissions: object, code = "") =>
      client.json("POST", EXECUTIONS, { ...TYPESCRIPT, code, permissions });
    const read = await run({ allowRead: [readable] }, `console.log(Deno.readTextFileSync("${readable}/note"));`);
    assertEquals([read.stdout, read.stderr], [`${readable}\n`, ""]);
    const wrote = await run({ allowWrite: [writable] }, `Deno.writeTextFileSync("${writable}/note", "changed");`);
    assertEquals([wrote.exitCode, wrote.stderr], [0, ""]);
    assertEquals(await Deno.readTextFile(`${writable}/note`), "changed");
    const beside = [{ allowRead: [other] }, { allowRead: [writable] }, { allowWrite: [other] }, {
      allowWrite: [readable],
    }];
    for (const permissions of beside) {
      const { status, code } = await run(permissions);
      assertEquals([permissions, status, code], [permissions, 403, "permission_denied"]);
    }
  }));

Deno.test("openNetworks lets programs reach a network that is closed without it", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response("hello"));
  const { port } = server.addr;
  const request = {
    ...TYPESCRIPT,
    code: `console.log(await (await fetch("http://127.0.0.1:${port}")).text());`,
    permissions: { allowNet: [`127.0.0.1:${port}`] },
  };
  await using closed = await openService();
  const refused = await new ApiClient(closed).json("POST", EXECUTIONS, request);
  assertEquals([refused.status, refused.code], [403, "permission_denied"]);
  await using open = await openService({ openNetworks: ["127.0.0.1"] });
  const { stdout, stderr } = await new ApiClient(open).json("POST", EXECUTIONS, request);
  assertEquals([stdout, stderr], ["hello\n", ""]);
});

Deno.test("maxBodyBytes bounds a body over HTTP and a message over a WebSocket", async () => {
  await using service = await openService({ maxBodyBytes: 4_096 }, FAKES);
  const client = new ApiClient(service);
  const run = { ...TYPESCRIPT, code: "console.log(1)" };
  assertEquals((await client.json("POST", EXECUTIONS, { ...run, stdin: "x".repeat(3_500) })).stdout, "x".repeat(3_500));
  const refused = await client.json("POST", EXECUTIONS, { ...run, stdin: "x".repeat(4_096) });
  assertEquals([refused.status, refused.code], [413, "too_large"]);
  const rpc = await RpcClient.open(`${service.url.replace("http", "ws")}/ws/jsonrpc`);
  const call = (bytes: number) => rpc.call("execution.run", { ...run, stdin: "x".repeat(bytes), wait: true });
  assertEquals((await call(3_500)).result?.stdout, "x".repeat(3_500));
  assertEquals((await call(4_096)).error?.message, "The connection is closed");
  assertEquals((await rpc.closed).code, 1009);
});

Deno.test("host opens another address than loopback where there is a key, and is refused where there is none", async () => {
  const host = "0.0.0.0";
  await assertRejects(
    () => openService({ host }, FAKES),
    CodeBeakerError,
    "must be loopback while no API key is configured",
  );
  const key = "k".repeat(32);
  await using service = await openService({ host, apiKeys: apiKeysSchema.parse(`tester=${key}`) }, FAKES);
  const { hostname, port } = new URL(service.url);
  const client = { url: `http://127.0.0.1:${port}` };
  assertEquals([hostname, await new ApiClient(client).status("GET", "/v1/runtimes")], ["0.0.0.0", 401]);
  assertEquals(await new ApiClient(client, key).status("GET", "/v1/runtimes"), 200);
});

Deno.test("DOCKER_HOST and the variables of its TLS say where the Engine is looked for", () =>
  inDirectory(async (directory) => {
    const reasonWith = async (env: Record<string, string>) => {
      const { runtimes } = await withVariables(env, () => loadConfig());
      await using service = await openService({ runtimes }, {
        createRuntimes: (host) => createRuntimes(host, [docker]),
      });
      return (await describe(service, "docker")).reason;
    };
    const socket = join(directory, "docker.sock");
    assertEquals(await reasonWith({ DOCKER_HOST: `unix://${socket}` }), `there is no Docker socket at ${socket}`);
    for (const name of ["ca.pem", "cert.pem"]) await Deno.writeTextFile(join(directory, name), "");
    const plain = { DOCKER_HOST: "tcp://127.0.0.1:1" };
    const tls = { ...plain, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: directory };
    assertStringIncludes(await reasonWith(tls), join(directory, "key.pem"));
    assertStringIncludes(await reasonWith(plain), "ECONNREFUSED 127.0.0.1:1");
  }));

Deno.test("a service whose isolation floor no runtime reaches starts, and refuses programs for that", async () => {
  await using service = await openService({ minIsolation: 10 });
  const refused = await new ApiClient(service).json("POST", EXECUTIONS, { ...TYPESCRIPT, code: "" });
  assertEquals([refused.status, refused.code, refused.selection.floor], [422, "no_suitable_runtime", 10]);
});

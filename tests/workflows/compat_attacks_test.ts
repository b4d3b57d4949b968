import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Config } from "../../src/config.ts";
import { envelope } from "../../src/server/compat/e2b/connect.ts";
import { openStorage } from "../../src/storage/mod.ts";
import { ApiClient } from "../support/api_client.ts";
import { createKey } from "../support/keys.ts";
import { readMetrics } from "../support/metric_samples.ts";
import { openService, type OwnService } from "../support/own_service.ts";
import { RawHttp, requestHead } from "../support/raw_http.ts";
import { until, untilStalled } from "../support/until.ts";

/** A door of another protocol, with what an attack on it needs. */
interface AttackedDoor {
  readonly name: string;
  /** A request that runs a program. */
  readonly path: string;
  /** Its body; with a name, the program has a file of this name too. */
  body(fileName?: string): object;
  /** A scope that does not suffice for it. */
  readonly wrongScope: string;
  /** Finds the text of an error in the protocol's own form. */
  // deno-lint-ignore no-explicit-any
  errorIn(answer: any): string;
  /** The status of an answer that is no refusal. Default: 200. */
  readonly ok?: number;
  /** The status of a refused file name, and a word of its error. Absent, the request has no file. */
  readonly refusedName?: readonly [status: number, word: string];
  /** Asserts that no file leaves the workspace by other requests of the door. Absent, there are none. */
  assertKeepsFilesInside?(world: World): Promise<void>;
  /** Requests that each open a session: their path, and a body of its own for each. Absent, there are none. */
  readonly opens?: readonly (readonly [path: string, body: (number: number) => object])[];
  /** The status of a body that is too long. */
  readonly tooLong: number;
  /** Whether the audit log has a refused file name. Default: true. */
  readonly auditsNames?: false;
}

const DOORS: readonly AttackedDoor[] = [
  {
    name: "Piston",
    path: "/api/v2/execute",
    body: (name) => ({
      language: "typescript",
      version: "*",
      files: [{ content: "1" }, { name: name ?? "a", content: "" }],
    }),
    wrongScope: "sessions",
    errorIn: ({ message, ...rest }) => Object.keys(rest).length === 0 ? message : "",
    refusedName: [400, "workspace"],
    tooLong: 413,
  },
  {
    name: "codapi",
    path: "/v1/exec",
    body: (name) => ({ sandbox: "typescript", command: "run", files: { "": "1", [name ?? "a"]: "" } }),
    wrongScope: "sessions",
    errorIn: ({ id, ok, stderr }) => id === "-" && !ok ? stderr : "",
    refusedName: [200, "workspace"],
    tooLong: 413,
  },
  {
    name: "LibreChat",
    path: "/exec",
    body: (name) => ({ lang: "ts", code: "1", ...(name === undefined ? {} : { files: [{ id: "1", name }] }) }),
    wrongScope: "sessions",
    errorIn: ({ error, ...rest }) => Object.keys(rest).length === 0 ? error : "",
    refusedName: [400, "no files"],
    auditsNames: false, // Every file is refused, whatever its name.
    tooLong: 400,
  },
  {
    name: "E2B",
    path: "/e2b/v2/sandboxes",
    body: () => ({ templateID: "typescript" }),
    wrongScope: "execute",
    errorIn: ({ code, message, ...rest }) => typeof code === "number" && Object.keys(rest).length === 0 ? message : "",
    ok: 201,
    tooLong: 413,
    assertKeepsFilesInside: assertSandboxKeepsFilesInside,
    opens: [["/e2b/v2/sandboxes", () => ({ templateID: "typescript" })]],
  },
  {
    name: "Jupyter",
    path: "/api/kernels",
    body: () => ({ name: "typescript" }),
    wrongScope: "execute",
    errorIn: ({ message, reason, ...rest }) =>
      typeof reason === "string" && Object.keys(rest).length === 0 ? message : "",
    ok: 201,
    tooLong: 413,
    opens: [
      ["/api/kernels", () => ({ name: "typescript" })],
      ["/api/sessions", (number) => ({ path: `${number}.ipynb`, kernel: { name: "typescript" } })],
    ],
  },
];

/** Doors that open a WebSocket, and a scope that does not suffice for it. */
const SOCKETS: readonly (readonly [name: string, path: (rightful: ApiClient) => Promise<string>, scope: string])[] = [
  ["Piston", () => Promise.resolve("/api/v2/connect"), "sessions"],
  [
    "Jupyter",
    async (rightful) => `/api/kernels/${(await rightful.json("POST", "/api/kernels")).id}/channels`,
    "execute",
  ],
];

const OUTSIDE = ["../x", "/etc/x", "a/../../x", "/workspace/../x", "a\0b"];
const MAX_BODY_BYTES = 65_536;

interface World {
  readonly service: OwnService;
  readonly home: string;
  /** A client with the scope of each door, and one with another. */
  readonly rightful: ApiClient;
  readonly key: string;
  /** The key of another tenant, with the same scopes. */
  readonly mallory: string;
  /** Keys by their one scope, those that do not suffice. */
  readonly scopes: ReadonlyMap<string, string>;
  scoped(door: AttackedDoor): ApiClient;
}

/** Opens a service with keys, which runs what it is sent. */
async function withWorld(test: (world: World) => Promise<void>, settings: Partial<Config> = {}): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    const key = await createKey(home, "rightful", "--scopes", "execute,sessions,admin");
    const mallory = await createKey(home, "mallory", "--scopes", "execute,sessions");
    const scopes = new Map<string, string>();
    for (const { wrongScope } of DOORS) {
      scopes.set(wrongScope, await createKey(home, wrongScope, "--scopes", wrongScope));
    }
    await using service = await openService({ home, maxBodyBytes: MAX_BODY_BYTES, ...settings });
    const scoped = (door: AttackedDoor) => new ApiClient(service, scopes.get(door.wrongScope));
    await test({ service, home, rightful: new ApiClient(service, key), key, mallory, scopes, scoped });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Waits until the audit log has refused requests to a path with these codes, each at least once. */
async function untilAudited(home: string, path: string, codes: readonly string[]): Promise<void> {
  await until(() => {
    using storage = openStorage(join(home, "codebeaker.db"));
    const refused = storage.audit.read({ limit: 1_000 }).filter(({ action }) => action === "refused");
    const found = refused.filter(({ facts }) => String(facts["what"]).includes(path)).map(({ facts }) => facts["code"]);
    return codes.every((code) => found.includes(code));
  }, `the audit log has ${codes.join(" and ")} of ${path}`);
}

/** A form with one file. */
function formOf(name: string): FormData {
  const form = new FormData();
  form.append("file", new Blob(["x"]), name);
  return form;
}

/** What a request to E2B's APIs has: with a sandbox, it is to the APIs of this one. */
interface SandboxRequest {
  readonly sandbox?: string;
  readonly body?: FormData | Uint8Array<ArrayBuffer> | object;
}

/** A request to E2B's APIs, with the header for keys that E2B's clients send there. */
async function askSandbox(
  { service, key }: { readonly service: OwnService; readonly key: string | undefined },
  request: string,
  { sandbox, body }: SandboxRequest,
) {
  const [method = "", path = ""] = request.split(" ");
  const isRaw = body instanceof FormData || body instanceof Uint8Array;
  const response = await fetch(`${service.url}/e2b${path}`, {
    method,
    headers: {
      ...(sandbox === undefined ? {} : { "e2b-sandbox-id": sandbox }),
      ...(key === undefined ? {} : { [sandbox === undefined ? "x-api-key" : "x-access-token"]: key }),
    },
    ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
  });
  return [response.status, await response.text()] as const;
}

/** Every call of a sandbox, and then every call about it. */
function callsAbout(sandbox: string): readonly (readonly [request: string, options: SandboxRequest])[] {
  const process = { pid: 1 };
  const start = { process: { cmd: "sh", args: ["-c", "true"] } };
  return [
    ["GET /health", { sandbox }],
    ["GET /files?path=a", { sandbox }],
    ["POST /files?path=a", { sandbox, body: new Uint8Array() }],
    ["POST /filesystem.Filesystem/Stat", { sandbox, body: { path: "a" } }],
    ["POST /filesystem.Filesystem/ListDir", { sandbox, body: { path: "." } }],
    ["POST /filesystem.Filesystem/MakeDir", { sandbox, body: { path: "a" } }],
    ["POST /filesystem.Filesystem/Move", { sandbox, body: { source: "a", destination: "b" } }],
    ["POST /filesystem.Filesystem/Remove", { sandbox, body: { path: "a" } }],
    ["POST /execute", { sandbox, body: { code: "1" } }],
    ["GET /contexts", { sandbox }],
    ["POST /contexts", { sandbox, body: {} }],
    ["DELETE /contexts/default", { sandbox }],
    ["POST /process.Process/Start", { sandbox, body: envelope(start) }],
    ["POST /process.Process/List", { sandbox, body: {} }],
    ["POST /process.Process/SendInput", { sandbox, body: { process, input: { stdin: "" } } }],
    ["POST /process.Process/CloseStdin", { sandbox, body: { process } }],
    ["POST /process.Process/SendSignal", { sandbox, body: { process, signal: "SIGNAL_SIGKILL" } }],
    [`GET /sandboxes/${sandbox}`, {}],
    [`POST /sandboxes/${sandbox}/timeout`, { body: {} }],
    [`POST /sandboxes/${sandbox}/connect`, { body: {} }],
    [`DELETE /sandboxes/${sandbox}`, {}],
  ];
}

/** Asserts that no API of a sandbox takes a path out of its workspace. */
async function assertSandboxKeepsFilesInside({ home, key, rightful, service }: World): Promise<void> {
  const { sandboxID: sandbox } = await rightful.json("POST", "/e2b/v2/sandboxes", { templateID: "typescript" });
  const calls = (
    path: string,
  ): readonly (readonly [request: string, body?: FormData | Uint8Array<ArrayBuffer> | object])[] => {
    const query = `path=${encodeURIComponent(path)}`;
    const files = "POST /filesystem.Filesystem";
    const start = { process: { cmd: "sh", args: ["-c", "true"], cwd: path } };
    return [
      [`GET /files?${query}`],
      [`POST /files?${query}`, formOf("a.txt")],
      ["POST /files", formOf(path.replaceAll("\0", "%00/../../"))],
      [`${files}/Stat`, { path }],
      [`${files}/ListDir`, { path }],
      [`${files}/MakeDir`, { path }],
      [`${files}/Remove`, { path }],
      [`${files}/Move`, { source: path, destination: "a" }],
      [`${files}/Move`, { source: "a", destination: path }],
      ["POST /contexts", { cwd: path }],
      ["POST /process.Process/Start", envelope(start)],
    ];
  };
  for (const path of [...OUTSIDE, "/home/user/../x", "~/../x"]) {
    for (const [request, body] of calls(path)) {
      const [status, text] = await askSandbox({ key, service }, request, {
        sandbox,
        ...(body === undefined ? {} : { body }),
      });
      const expected = request.endsWith("/Start") ? 200 : 400; // A stream has its error inside.
      assertEquals([path, request, status, text.includes("workspace")], [path, request, expected, true], text);
    }
  }
  for (const path of ["/e2b/files", "Filesystem/Stat", "Process/Start"]) {
    await untilAudited(home, path, ["permission_denied"]);
  }
  const { tree } = await rightful.json("GET", `/v1/sessions/${sandbox}/files`);
  assertEquals(tree.children, []);
  assertEquals((await rightful.json("GET", "/v1/executions")).executions, []);
}

/** The head of a request for a WebSocket. */
function upgradeHead(path: string, headers: readonly string[]): string {
  const own = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  return requestHead(`GET ${path}`, [...own, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ...headers]);
}

/** A client's frame of a long text (RFC 6455, 5.2). Its mask is 0. */
function frameOf(message: object): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(message).padEnd(126));
  return new Uint8Array([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0, ...payload]);
}

for (const [name, pathOf, wrongScope] of SOCKETS) {
  Deno.test(`[${name}] its WebSocket needs the key and the scope, and refuses pages of another origin`, () =>
    withWorld(async ({ key, rightful, scopes, service }) => {
      const path = await pathOf(rightful);
      const upgrade = async (headers: readonly string[]) => {
        using connection = await RawHttp.open(service);
        await connection.say(upgradeHead(path, headers));
        return (await connection.readUntil("\r\n\r\n")).split(" ")[1];
      };
      assertEquals(await upgrade([]), "401");
      assertEquals(await upgrade(["Authorization: Bearer cb_0_0"]), "401");
      assertEquals(await upgrade([`Authorization: Bearer ${scopes.get(wrongScope)}`]), "403");
      assertEquals(await upgrade([`Authorization: Bearer ${key}`, "Origin: https://evil.example"]), "403");
      assertEquals(await upgrade([`Authorization: Bearer ${key}`]), "101");
    }));
}

Deno.test("[Jupyter] another tenant's kernel and notebook are not there, and neither is its session", async () => {
  await withWorld(async ({ key, mallory, rightful, service }) => {
    const open = { path: "a.ipynb", name: "a", type: "notebook", kernel: { name: "typescript" } };
    const { id, kernel } = await rightful.json("POST", "/api/sessions", open);
    const { id: plain } = await rightful.json("POST", "/v1/sessions", { language: "typescript" });
    const thief = new ApiClient(service, mallory);
    const toId = (session: string) => session.replace(/^sess_(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    const data: readonly (readonly [method: string, path: string, body?: object])[] = [
      ["GET", `/api/kernels/${kernel.id}`],
      ["DELETE", `/api/kernels/${kernel.id}`],
      ["POST", `/api/kernels/${kernel.id}/interrupt`],
      ["POST", `/api/kernels/${kernel.id}/restart`],
      ["GET", `/api/kernels/${kernel.id}/channels`],
      ["GET", `/api/sessions/${id}`],
      ["PATCH", `/api/sessions/${id}`, { path: "b.ipynb" }],
      ["DELETE", `/api/sessions/${id}`],
      ["POST", "/api/sessions", { ...open, path: "c.ipynb", kernel: { id: kernel.id } }],
    ];
    for (const [method, path, body] of data) {
      assertEquals([method, path, await thief.status(method, path, body)], [method, path, 404]);
    }
    assertEquals(await rightful.status("GET", `/api/kernels/${toId(plain)}`), 404); // It is no kernel.
    for (const path of ["/api/kernels", "/api/sessions"]) {
      assertEquals(await (await thief.ask("GET", path)).json(), []);
    }
    assertEquals(await new ApiClient(service, key).status("GET", `/api/kernels/${kernel.id}`), 200);
  });
});

Deno.test("[Jupyter] messages that are malformed, too long or many are refused, and the kernel goes on", async () => {
  await withWorld(async ({ key, rightful, service }) => {
    const { id } = await rightful.json("POST", "/api/kernels");
    const url = `${service.url.replace("http", "ws")}/api/kernels/${id}/channels?token=${key}`;
    const talk = async (messages: readonly (string | Uint8Array<ArrayBuffer>)[], protocols: string[] = []) => {
      const socket = new WebSocket(url, protocols);
      const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
      socket.onopen = () => messages.forEach((message) => socket.send(message));
      return (await closed).code;
    };
    const binary = ["v1.kernel.websocket.jupyter.org"];
    const text = (type: string, content: object, channel = "shell") =>
      JSON.stringify({ channel, header: { msg_id: type, msg_type: type }, content });
    const table: [messages: (string | Uint8Array<ArrayBuffer>)[], protocols: string[], code: number][] = [
      [["{"], [], 1007],
      [[new Uint8Array(64)], [], 1007],
      [[new Uint8Array(64).fill(255)], binary, 1007],
      [[text("execute_request", { code: "x".repeat(MAX_BODY_BYTES) })], [], 1009],
    ];
    for (const [messages, protocols, code] of table) assertEquals(await talk(messages, protocols), code);
    const many = Array.from({ length: 500 }, () => text("kernel_info_request", {}));
    assertEquals(await talk([...many, text("shutdown_request", {})]), 1000);
    assertEquals(await rightful.status("GET", `/api/kernels/${id}`), 404);
  });
});

Deno.test("[Piston] a WebSocket that sends half a frame or vanishes leaves nothing behind", async () => {
  await withWorld(async ({ key, rightful, service }) => {
    const connect = async (content: string, share = 1) => {
      const connection = await RawHttp.open(service);
      await connection.say(upgradeHead("/api/v2/connect", [`Authorization: Bearer ${key}`]));
      await connection.readUntil("\r\n\r\n");
      const init = frameOf({ type: "init", language: "typescript", version: "*", files: [{ content }] });
      await connection.say(init.subarray(0, init.length * share));
      return connection;
    };
    const executions = async () => (await rightful.json("GET", "/v1/executions")).executions;
    const untilOnlyOneIs = (status: string) =>
      until(async () => {
        const [vanishing, ...others] = await executions();
        return others.length === 0 && vanishing?.status === status; // The half of a frame runs nothing.
      }, `its program is ${status}`);
    using _half = await connect("1", 0.5);
    {
      using _vanishing = await connect("setInterval(() => {}, 1000)");
      await untilOnlyOneIs("running");
    }
    await untilOnlyOneIs("ended");
    assertEquals((await executions())[0].outcome.kind, "cancelled");
    assertEquals(await readMetrics(rightful, ["codebeaker_request_bytes"]), [0]);
  });
});

/** Code that prints 60 MiB in pieces of 64 KiB, writes to a file how many it has printed, and does not end. */
const FLOOD = `for (let count = 1; count <= 960; count++) {
  console.log("x".repeat(65_535));
  Deno.writeTextFileSync("count", String(count));
}
await new Promise(() => {});`;

/** Waits until code that floods a client waits for it, which is before most of it is printed. */
async function untilFloodWaits(client: ApiClient, sessionId: string): Promise<void> {
  const countPieces = async () => {
    const response = await client.ask("GET", `/v1/sessions/${sessionId}/files/count`);
    const text = await response.text();
    return response.status === 200 ? Number(text) : 0;
  };
  await untilStalled(countPieces, "the code waits");
  const pieces = await countPieces();
  assert(pieces < 480, `${pieces} pieces of 64 KiB are on their way to a client that reads nothing`);
}

async function untilOnlyOneIsCancelled(client: ApiClient): Promise<void> {
  await until(async () => {
    const [flood, ...others] = (await client.json("GET", "/v1/executions")).executions;
    return others.length === 0 && flood?.outcome?.kind === "cancelled";
  }, "the code is cancelled");
}

Deno.test("[Jupyter] code waits for a client that reads nothing of its flood, an interrupt ends it, and the kernel is idle again", () =>
  withWorld(async ({ key, rightful, service }) => {
    const { id } = await rightful.json("POST", "/api/kernels");
    const stateOf = async () => (await rightful.json("GET", `/api/kernels/${id}`)).execution_state;
    using connection = await RawHttp.open(service);
    await connection.say(upgradeHead(`/api/kernels/${id}/channels`, [`Authorization: Bearer ${key}`]));
    await connection.readUntil("\r\n\r\n");
    const header = { msg_id: "1", msg_type: "execute_request" };
    await connection.say(frameOf({ channel: "shell", header, content: { code: FLOOD } }));
    await untilFloodWaits(rightful, `sess_${id.replaceAll("-", "")}`);
    assertEquals(await stateOf(), "busy");
    assertEquals(await rightful.status("POST", `/api/kernels/${id}/interrupt`), 204);
    await untilOnlyOneIsCancelled(rightful);
    await until(async () => await stateOf() === "idle", "the kernel has answered");
  }));

Deno.test("[E2B] code waits for a client that reads nothing of its flood, ends when that is gone, and the sandbox goes on", () =>
  withWorld(async ({ key, rightful, service }) => {
    const { sandboxID: sandbox } = await rightful.json("POST", "/e2b/v2/sandboxes", { templateID: "typescript" });
    const text = JSON.stringify({ code: FLOOD });
    {
      using connection = await RawHttp.open(service);
      const headers = [`X-Access-Token: ${key}`, `E2b-Sandbox-Id: ${sandbox}`, `Content-Length: ${text.length}`];
      await connection.say(requestHead("POST /e2b/execute", headers) + text);
      await untilFloodWaits(rightful, sandbox);
    }
    await untilOnlyOneIsCancelled(rightful);
    const [status, lines] = await askSandbox({ service, key }, "POST /execute", { sandbox, body: { code: "6 * 7" } });
    assertEquals([status, lines.includes('"text":"42"')], [200, true], lines);
  }));

Deno.test("[E2B] another tenant's sandbox, process and context are not there", async () => {
  await withWorld(async ({ key, mallory, rightful, service }) => {
    const create = (client: ApiClient) => client.json("POST", "/e2b/v2/sandboxes", { templateID: "typescript" });
    const { sandboxID: sandbox } = await create(rightful);
    const own = await create(new ApiClient(service, mallory));
    const context = JSON.parse((await askSandbox({ service, key }, "POST /contexts", { sandbox, body: {} }))[1]);
    const thief = { service, key: mallory };
    for (const [request, options] of callsAbout(sandbox)) {
      const expected = options.sandbox === undefined ? 404 : 502;
      assertEquals([request, (await askSandbox(thief, request, options))[0]], [request, expected]);
    }
    const listed = await (await new ApiClient(service, mallory).ask("GET", "/e2b/v2/sandboxes")).json();
    assertEquals(listed.map(({ sandboxID }: { sandboxID: string }) => sandboxID), [own.sandboxID]);
    // In a sandbox of its own, it has neither the other's contexts nor the other's processes.
    const within = (request: string, body: object) => askSandbox(thief, request, { sandbox: own.sandboxID, body });
    const [status, text] = await within("POST /execute", { code: "1", context_id: context.id });
    assertEquals([status, JSON.parse(text).code], [404, 404]);
    const signal = { process: { pid: 1 }, signal: "SIGNAL_SIGKILL" };
    assertEquals((await within("POST /process.Process/SendSignal", signal))[0], 404);
    assertEquals((await askSandbox({ service, key }, "GET /health", { sandbox }))[0], 204);
  });
});

Deno.test("[E2B] every call of a sandbox, and every one about it, needs the key and the scope", async () => {
  await withWorld(async ({ key, rightful, scopes, service }) => {
    const { sandboxID: sandbox } = await rightful.json("POST", "/e2b/v2/sandboxes", { templateID: "typescript" });
    const refused: readonly (readonly [key: string | undefined, status: number, rpcCode: string])[] = [
      [undefined, 401, "unauthenticated"],
      ["cb_0_0", 401, "unauthenticated"],
      [scopes.get("execute"), 403, "permission_denied"],
    ];
    for (const [request, options] of [["GET /v2/sandboxes", {}] as const, ...callsAbout(sandbox)]) {
      for (const [key, status, rpcCode] of refused) {
        const [actual, text] = await askSandbox({ service, key }, request, options);
        const code = /^POST .(process|filesystem)\./.test(request) ? rpcCode : status; // Those of remote procedures are texts.
        assertEquals([request, actual, JSON.parse(text).code], [request, status, code], text);
      }
    }
    assertEquals((await askSandbox({ service, key }, "GET /health", { sandbox }))[0], 204);
    assertEquals((await rightful.json("GET", `/v1/sessions/${sandbox}/files`)).tree.children, []);
    assertEquals((await rightful.json("GET", "/v1/executions")).executions, []);
  });
});

function countEach(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(Map.groupBy(texts, (text) => text).entries().map(([text, same]) => [text, same.length]));
}

async function refusal(door: AttackedDoor, client: ApiClient, body: unknown, headers: Record<string, string> = {}) {
  const response = await client.ask("POST", door.path, body, headers);
  return [response.status, door.errorIn(JSON.parse(await response.text()))] as const;
}

for (const door of DOORS) {
  const body = door.body();
  Deno.test(`[${door.name}] no key, another's scope, another origin and a long body are refused in its own form`, async () => {
    await withWorld(async ({ home, rightful, scoped, service }) => {
      assertEquals(await rightful.status("POST", door.path, body), door.ok ?? 200);
      const unknown = new ApiClient(service, "cb_0000_unknown");
      const long = JSON.stringify({ ...body, more: "x".repeat(MAX_BODY_BYTES) });
      const chunked = new Blob([long]).stream();
      const refused: readonly (readonly [number, string, readonly [number, string]])[] = [
        [401, "key", await refusal(door, new ApiClient(service), body)],
        [401, "key", await refusal(door, unknown, body)],
        [403, "scope", await refusal(door, scoped(door), body)],
        [403, "Origin", await refusal(door, rightful, body, { origin: "https://evil.example" })],
        [door.tooLong, "bytes", await refusal(door, rightful, long)],
        [door.tooLong, "bytes", await refusal(door, rightful, chunked)],
        [400, "deep", await refusal(door, rightful, "[".repeat(1_000))],
      ];
      for (const [status, word, [actual, error]] of refused) {
        assertEquals(actual, status);
        assertStringIncludes(error, word);
      }
      await untilAudited(home, door.path, ["unauthorized", "permission_denied"]);
    });
  });

  const { assertKeepsFilesInside, refusedName } = door;
  if (assertKeepsFilesInside !== undefined) {
    Deno.test(`[${door.name}] a file name that leaves the workspace runs nothing`, () =>
      withWorld(assertKeepsFilesInside));
  }
  if (refusedName !== undefined) {
    Deno.test(`[${door.name}] a file name that leaves the workspace runs nothing`, () =>
      withWorld(async ({ home, rightful }) => {
        for (const name of OUTSIDE) {
          const [status, error] = await refusal(door, rightful, door.body(name));
          const [refused, word] = refusedName;
          assertEquals([name, status, error.includes(word)], [name, refused, true], error);
        }
        if (door.auditsNames !== false) await untilAudited(home, door.path, ["permission_denied"]);
        assertEquals((await rightful.json("GET", "/v1/executions")).executions, []);
      }));
  }

  for (const [path, bodyOf] of door.opens ?? []) {
    Deno.test(`[${door.name}] of a thousand requests to ${path}, as many open a session as the key and the service may have`, () =>
      withWorld(async ({ home, mallory, service }) => {
        const hoarder = await createKey(home, "hoarder", "--scopes", "sessions", "--max-sessions", "2");
        const sessionsOf = async (client: ApiClient) => (await client.json("GET", "/v1/sessions")).sessions.length;
        const hoards: readonly (readonly [key: string, open: number, bound: string])[] = [
          [hoarder, 2, "(its quota maxSessions)"],
          [mallory, 1, "3 are open already"],
        ];
        for (const [key, open, bound] of hoards) {
          const client = new ApiClient(service, key);
          const ask = async (number: number) => {
            const response = await client.ask("POST", path, bodyOf(number));
            const text = await response.text();
            if (response.status === 201) return "open";
            const isBound = door.errorIn(JSON.parse(text)).includes(bound);
            return isBound ? `${response.status}, again after ${response.headers.get("retry-after")} s` : text;
          };
          const answers = await Promise.all(Array.from({ length: 500 }, (_, number) => ask(number)));
          assertEquals(countEach(answers), { "open": open, "429, again after 1 s": 500 - open });
          assertEquals(await sessionsOf(client), open);
        }
      }, { maxSessions: 3 }));
  }

  Deno.test(`[${door.name}] half a body runs nothing, and its memory is free again`, async () => {
    await withWorld(async ({ key, rightful, service }) => {
      const text = JSON.stringify(body);
      const headers = [`Authorization: Bearer ${key}`, `Content-Length: ${text.length}`];
      const held = async () => (await readMetrics(rightful, ["codebeaker_request_bytes"]))[0];
      {
        using connection = await RawHttp.open(service);
        await connection.say(requestHead(`POST ${door.path}`, headers) + text.slice(0, -5));
        await until(async () => await held() === text.length, "half of the body is held");
      }
      await until(async () => await held() === 0, "its memory is free");
      assertEquals((await rightful.json("GET", "/v1/executions")).executions, []);
      assertEquals((await rightful.json("GET", "/v1/sessions")).sessions, []);
    });
  });

  Deno.test(`[${door.name}] a page whose name was rebound to this machine is refused, without keys too`, async () => {
    await using service = await openService();
    using connection = await RawHttp.open(service);
    const text = JSON.stringify(body);
    const head = requestHead(`POST ${door.path}`, [`Content-Length: ${text.length}`, "Connection: close"]);
    await connection.say(head.replace("Host: 127.0.0.1", "Host: evil.example") + text);
    const answer = await connection.readUntil();
    assertEquals(answer.split(" ")[1], "403");
    assertStringIncludes(door.errorIn(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))), "Host");
  });
}

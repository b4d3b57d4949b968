import { assertEquals, assertStringIncludes } from "@std/assert";
import { ByteBudget } from "../../../../src/concurrency/byte_budget.ts";
import { CodeBeakerError, type ErrorCode } from "../../../../src/core/errors.ts";
import type { Execution } from "../../../../src/core/execution.ts";
import type { Limits } from "../../../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../../../src/core/permissions/permissions.ts";
import type { SessionChanges, SessionRequest } from "../../../../src/core/requests/session_request.ts";
import type { Observer } from "../../../../src/engine/observer.ts";
import type { SubmitOptions } from "../../../../src/engine/port.ts";
import { envelope } from "../../../../src/server/compat/e2b/connect.ts";
import type { SessionsPort } from "../../../../src/sessions/port.ts";
import { fakeExecution, fakeSession, fakeSessions } from "../../../support/fake_ports.ts";
import { holdThread } from "../../../support/hold_thread.ts";
import { appOf } from "../../support/app_of.ts";
import { addKey, openKeyring } from "../../support/keyring.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;
const SANDBOX = { "e2b-sandbox-id": "sess_1" };
const LIMITS = { diskMb: 64, memoryMb: 256 } as Limits;
const OPEN: Partial<SessionsPort> = {
  show: () => fakeSession(),
  limits: () => LIMITS,
  permissions: () => NO_PERMISSIONS,
};

function unexpected(): never {
  throw new Error("not expected");
}

interface Asked {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly observer?: Observer;
}

async function ask(
  sessions: Partial<SessionsPort>,
  request: string,
  { body, headers = {}, observer = {} }: Asked = {},
) {
  const [method = "", path = ""] = request.split(" ");
  const response = await appOf({ sessions: fakeSessions(sessions), observer }).request(`/e2b${path}`, {
    method,
    headers: { host: "localhost", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  }, LOCAL);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

Deno.test("a sandbox is a session, whose template is Python or the name of a language", async () => {
  const requests: SessionRequest[] = [];
  const sessions: Partial<SessionsPort> = {
    create(_caller, request) {
      requests.push(request);
      return Promise.resolve(fakeSession({ metadata: request.metadata }));
    },
  };
  for (const path of ["/sandboxes", "/v2/sandboxes"]) {
    const body = { templateID: "code-interpreter-v1", timeout: 60, metadata: { a: "b" }, envVars: { N: "v" } };
    const { status, text } = await ask(sessions, `POST ${path}`, { body });
    const { envdVersion, sandboxID, templateID, ...others } = JSON.parse(text);
    assertEquals([status, sandboxID, templateID, typeof envdVersion], [201, "sess_1", "code-interpreter-v1", "string"]);
    assertEquals(others, { clientID: "", domain: null }); // No token, as there is no key.
  }
  const nothing = {
    autoResume: { enabled: false },
    autoPause: false,
    iam: null,
    mcp: {},
    network: {},
    volumeMounts: [],
  };
  const body = { templateID: "typescript", allow_internet_access: true, ...nothing };
  await ask(sessions, "POST /v2/sandboxes", { body });
  const shown = requests.map(({ env, idleTimeoutMs, language, maxLifetimeMs, permissions }) =>
    [language, env, idleTimeoutMs, maxLifetimeMs, permissions.allowNet] as const
  );
  assertEquals(shown.slice(1), [
    ["python", { N: "v" }, 604_800_000, 60_000, false],
    ["typescript", {}, 604_800_000, 300_000, true],
  ]);
});

Deno.test("a sandbox that asks for the network has it where that is possible, and says whether it has", async () => {
  const make = async (code: ErrorCode | undefined) => {
    const asked: boolean[] = [];
    let [made, given] = [fakeSession(), NO_PERMISSIONS];
    const sessions: Partial<SessionsPort> = {
      create(_caller, { metadata, permissions }) {
        asked.push(permissions.allowNet === true);
        if (code !== undefined && permissions.allowNet === true) throw new CodeBeakerError(code, "No");
        made = fakeSession({ metadata });
        given = permissions;
        return Promise.resolve(made);
      },
      show: () => made,
      limits: () => LIMITS,
      permissions: () => given,
    };
    const { status } = await ask(sessions, "POST /v2/sandboxes", { body: { allow_internet_access: true } });
    const shown = JSON.parse((await ask(sessions, "GET /sandboxes/sess_1")).text);
    assertEquals([shown.cpuCount, shown.diskSizeMB, shown.memoryMB], [1, 64, 256]);
    return [status, asked, shown.allowInternetAccess, shown.metadata];
  };
  assertEquals(await make(undefined), [201, [true], true, {}]);
  for (const code of ["permission_denied", "no_suitable_runtime", "runtime_unavailable", "too_large"] as const) {
    assertEquals([code, ...await make(code)], [code, 201, [true, false], false, {}]);
  }
  assertEquals((await make("busy")).slice(0, 2), [429, [true]]);
});

/** Sets the life of a sandbox that is a day old and ends in an hour, if it is idle; `changes` are those with a field. */
async function changeLife(action: "timeout" | "connect", timeout: unknown, { ageMs = 86_400_000 } = {}) {
  const now = Date.parse("2026-01-10T00:00:00.000Z");
  const session = fakeSession({
    createdAt: new Date(now - ageMs).toISOString(),
    lastActivityAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 3_600_000).toISOString(),
  });
  const changes: SessionChanges[] = [];
  const change: SessionsPort["change"] = (_caller, _id, fields) => {
    if (Object.keys(fields).length > 0) changes.push(fields);
    return session;
  };
  const asked = `POST /sandboxes/sess_1/${action}`;
  const { status } = await ask({ show: () => session, change }, asked, { body: { timeout } });
  return { status, changes };
}

/** The change of a session to one that lives so long, also while it is idle. */
function lives(maxLifetimeMs: number): SessionChanges {
  return { idleTimeoutMs: 604_800_000, maxLifetimeMs };
}

Deno.test("a sandbox's life is set from now on, and refused or cut at the longest life of a session", async () => {
  assertEquals(await changeLife("timeout", 3_600), { status: 204, changes: [lives(90_000_000)] });
  assertEquals(await changeLife("timeout", 0), { status: 204, changes: [lives(86_401_000)] });
  assertEquals(await changeLife("timeout", 604_800), { status: 204, changes: [lives(604_800_000)] });
  assertEquals(await changeLife("timeout", 3_600, { ageMs: -86_400_000 }), {
    status: 204,
    changes: [lives(3_600_000)], // The clock was set back.
  });
  for (const timeout of [1e300, 604_801, 8_640_000, -1]) {
    for (const action of ["timeout", "connect"] as const) {
      assertEquals([timeout, await changeLife(action, timeout)], [timeout, { status: 400, changes: [] }]);
    }
    assertEquals((await ask({}, "POST /sandboxes", { body: { timeout } })).status, 400);
  }
});

Deno.test("connecting makes the life of a sandbox longer, and never shorter", async () => {
  assertEquals(await changeLife("connect", 3_600), { status: 201, changes: [] });
  assertEquals(await changeLife("connect", 3_601), { status: 201, changes: [lives(90_001_000)] });
});

Deno.test("what is not supported is told in the form of each API, and nothing is done", async () => {
  for (const name of ["autoPause", "autoResume", "iam", "mcp", "network", "volumeMounts"]) {
    const { status, text } = await ask({}, "POST /v2/sandboxes", { body: { [name]: { x: [true] } } });
    assertEquals([status, JSON.parse(text).code], [400, 400]);
    assertStringIncludes(text, name);
  }
  for (const request of ["POST /sandboxes/x/pause", "GET /v2/templates", "PUT /sandboxes/x/network", "GET "]) {
    const { status, text } = await ask({}, request);
    assertEquals([request, status, JSON.parse(text).code], [request, 501, 501]);
  }
  const unary = await ask(OPEN, "POST /filesystem.Filesystem/CreateWatcher", { headers: SANDBOX, body: {} });
  assertEquals([unary.status, JSON.parse(unary.text).code], [501, "unimplemented"]);
  for (const stream of ["filesystem.Filesystem/WatchDir", "process.Process/Connect"]) {
    const { status, text } = await ask(OPEN, `POST /${stream}`, { headers: SANDBOX, body: {} });
    assertEquals([status, JSON.parse(text.slice(5)).error.code], [200, "unimplemented"]);
  }
});

Deno.test("a sandbox that is closed or another tenant's is 404 for control, and 502 as E2B's proxy says it", async () => {
  const missing = () => {
    throw new CodeBeakerError("not_found", "Cannot find the session");
  };
  for (const show of [missing, () => fakeSession({ state: "closed" })]) {
    for (const request of ["GET /sandboxes/sess_1", "DELETE /sandboxes/sess_1", "POST /sandboxes/sess_1/timeout"]) {
      const { status, text } = await ask({ show }, request);
      assertEquals([request, status, JSON.parse(text).code], [request, 404, 404]);
    }
    for (const request of ["GET /health", "POST /execute", "POST /process.Process/Start", "GET /files?path=a"]) {
      const refused: string[] = [];
      const observer: Observer = { refused: ({ error }) => void refused.push(error.code) };
      const { status, text } = await ask({ show }, request, { headers: SANDBOX, observer });
      assertEquals([request, status, JSON.parse(text).code, refused], [request, 502, 502, ["not_found"]]);
    }
  }
});

Deno.test("a request as another user is refused, and one as the sandbox's own is not", async () => {
  for (const user of ["root:", "é:", "!"]) {
    const credentials = user === "!" ? user : new TextEncoder().encode(user).toBase64();
    const { status } = await ask(OPEN, "GET /health", {
      headers: { ...SANDBOX, authorization: `Basic ${credentials}` },
    });
    assertEquals([user, status], [user, 403]);
  }
  assertEquals((await ask(OPEN, "GET /health?username=root", { headers: SANDBOX })).status, 403);
  const stream = await ask(OPEN, "POST /process.Process/Start?username=root", { headers: SANDBOX, body: "{}" });
  assertEquals([stream.status, JSON.parse(stream.text.slice(5)).error.code], [200, "permission_denied"]);
  for (const authorization of [`Basic ${btoa("user:")}`, `basic ${btoa("user:any")}`]) {
    const headers = { ...SANDBOX, authorization };
    assertEquals([authorization, (await ask(OPEN, "GET /health", { headers })).status], [authorization, 204]);
  }
});

Deno.test("a procedure's error has Connect's code, in the stream where it answers with one", async () => {
  const unary = await ask(OPEN, "POST /filesystem.Filesystem/Stat", { headers: SANDBOX, body: { path: "../x" } });
  assertEquals([unary.status, JSON.parse(unary.text).code], [400, "invalid_argument"]);
  const stream = await ask(OPEN, "POST /process.Process/Start", { headers: SANDBOX, body: "{}" });
  assertEquals([stream.status, JSON.parse(stream.text.slice(5)).error.code], [200, "invalid_argument"]);
});

Deno.test("a directory that is there exists already, and a file in its place is a wrong argument", async () => {
  for (const [type, expected] of [["directory", [409, "already_exists"]], ["file", [400, "invalid_argument"]]]) {
    const files = () => ({ stat: () => Promise.resolve({ type }) }) as never;
    const asked = { headers: SANDBOX, body: { path: "a" } };
    const { status, text } = await ask({ ...OPEN, files }, "POST /filesystem.Filesystem/MakeDir", asked);
    assertEquals([type, [status, JSON.parse(text).code]], [type, expected]);
  }
});

Deno.test("a sandbox's tokens are the caller's key, and its APIs take them where no other door does", async () => {
  const keys = openKeyring();
  const { headers: { authorization } } = addKey(keys, { scopes: ["sessions"] });
  const key = authorization.slice("Bearer ".length);
  const app = appOf({ keys, sessions: fakeSessions({ ...OPEN, create: () => Promise.resolve(fakeSession()) }) });
  const request = async (path: string, method: string, headers: Readonly<Record<string, string>>) =>
    await app.request(path, { method, headers: { host: "localhost", ...headers } }, LOCAL);
  const created = await (await request("/e2b/v2/sandboxes", "POST", { "x-api-key": key })).json();
  assertEquals([created.envdAccessToken, created.trafficAccessToken], [key, key]);
  for (const header of ["x-access-token", "e2b-traffic-access-token", "x-api-key"]) {
    assertEquals((await request("/e2b/health", "GET", { ...SANDBOX, [header]: key })).status, 204);
    const elsewhere = await request("/v1/sessions/sess_1", "GET", { [header]: key });
    assertEquals([header, elsewhere.status], [header, header === "x-api-key" ? 200 : 401]);
  }
  const unknown = await request("/e2b/health", "GET", { ...SANDBOX, "x-access-token": "cb_0_0" });
  assertEquals([unknown.status, (await unknown.json()).code], [401, 401]);
  const differing = { ...SANDBOX, "x-access-token": key, "e2b-traffic-access-token": "cb_0_0" };
  assertEquals((await request("/e2b/health", "GET", differing)).status, 401);
});

/** Sends a form whose files are empty, and collects the paths of those that are written. */
async function sendForm(
  names: readonly string[],
  { ends = "b", boundary = "b", type = "", query = "", onWrite = () => {} },
) {
  const part = (name: string) =>
    `--${ends}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n\r\n`;
  const body = `${names.map(part).join("")}--${ends}--\r\n`;
  const requests = new ByteBudget({ maxBytes: 1_000_000, maxOwnerBytes: 1_000_000 });
  const written: string[] = [];
  const held = new Set<number>();
  const files = {
    write(path: string) {
      onWrite();
      written.push(path);
      held.add(requests.heldBytes / body.length);
      return Promise.resolve();
    },
  };
  const sessions = fakeSessions({
    ...OPEN,
    lockFile: () => Promise.resolve({ [Symbol.dispose]: () => {} }),
    files: () => files as never,
  });
  const { status } = await appOf({ requests, sessions, maxBodyBytes: 200_000 }).request(`/e2b/files${query}`, {
    method: "POST",
    headers: { host: "localhost", ...SANDBOX, "content-type": `${type}; boundary=${boundary}` },
    body,
  }, LOCAL);
  return { status, written, held: [...held] };
}

Deno.test("a form has a bounded boundary and number of parts, and holds the memory of its body once", async () => {
  const type = "multipart/form-data";
  const names = Array.from({ length: 1_001 }, (_, index) => `${index}`);
  assertEquals(await sendForm(names.slice(1), { type }), { status: 200, written: names.slice(1), held: [1] });
  for (const boundary of ["b", '"b"', '"b"; boundary=other']) {
    assertEquals(await sendForm(names, { type, boundary }), { status: 413, written: [], held: [] });
  }
  const refused = { status: 400, written: [], held: [] };
  for (const boundary of ["", "c"]) assertEquals(await sendForm(["x"], { type, boundary }), refused);
  const [longest, tooLong] = ["b".repeat(70), "b".repeat(71)];
  for (const quote of ["", '"']) {
    const send = (ends: string) => sendForm(["x"], { type, ends, boundary: `${quote}${ends}${quote}` });
    assertEquals([(await send(longest)).status, await send(tooLong)], [200, refused]);
  }
});

Deno.test("other work runs between the files of a form", async () => {
  const type = "multipart/form-data";
  const runs: boolean[] = [];
  const timers: ReturnType<typeof setTimeout>[] = [];
  let hasRun = false;
  const onWrite = () => {
    runs.push(hasRun);
    timers.push(setTimeout(() => hasRun = true, 0));
    holdThread();
  };
  await sendForm(["a", "b"], { type, onWrite });
  for (const timer of timers) clearTimeout(timer);
  assertEquals(runs, [false, true]);
});

Deno.test("a form is known by its type in any case, and names the files itself where it has several", async () => {
  const type = "Multipart/Form-Data";
  assertEquals(await sendForm(["x", "y"], { type }), { status: 200, written: ["x", "y"], held: [1] });
  assertEquals(await sendForm(["x"], { type, query: "?path=z" }), { status: 200, written: ["z"], held: [1] });
  assertEquals(await sendForm(["x", "y"], { type, query: "?path=z" }), { status: 400, written: [], held: [] });
  assertEquals(await sendForm(["x", "y".repeat(5_000)], { type }), { status: 400, written: [], held: [] });
  assertEquals(await sendForm(["x"], { type: "text/plain" }), { status: 400, written: [], held: [] });
});

Deno.test("code without a context runs in its language's default one, and in the next where that is lost meanwhile", async () => {
  const asked: unknown[] = [];
  const ids = ["ctx_1", "ctx_2"];
  const contexts = {
    findDefault(language: string | undefined) {
      asked.push(language);
      return Promise.resolve(ids.shift() ?? "ctx_2");
    },
    submit(id: string) {
      asked.push(id);
      if (id === "ctx_1") return Promise.reject(new CodeBeakerError("conflict", "The context is lost"));
      return Promise.resolve({ id: "exec_1", ended: Promise.resolve(fakeExecution({ displaysOmitted: 2 })) });
    },
  };
  const sessions = { ...OPEN, contexts: () => contexts as never };
  const { text } = await ask(sessions, "POST /execute", { headers: SANDBOX, body: { code: "1", language: "js" } });
  const [mark = "", end, ...others] = text.split("\n");
  assertStringIncludes(mark, '{"type":"stderr","text":"[\\u2026 2 displays are left out here \\u2026]\\n"'); // In ASCII.
  assertEquals([typeof JSON.parse(mark).timestamp, end, others], ["string", '{"type":"end_of_execution"}', [""]]);
  assertEquals(asked, ["javascript", "ctx_1", "javascript", "ctx_2"]);
  assertEquals((await ask(sessions, "POST /execute", { headers: SANDBOX, body: { code: "1" } })).status, 200);
  assertEquals(asked.slice(4), [undefined, "ctx_2"]);
});

Deno.test("code that is refused or lost has its error in lines, unless clients show that of its status", async () => {
  const run = async (error: CodeBeakerError, { env = {}, hasStarted = false } = {}) => {
    const contexts = {
      submit(_id: string, _cell: unknown, options: SubmitOptions) {
        if (hasStarted) options.onStart?.({ id: "exec_1", runtime: "fake" });
        options.onOutput?.({ stream: "stderr", bytes: new TextEncoder().encode("Error: x"), isOfError: true });
        return Promise.resolve({ id: "exec_1", ended: Promise.reject(error) });
      },
    };
    const sessions = { ...OPEN, contexts: () => contexts as never };
    const { status, text } = await ask(sessions, "POST /execute", {
      headers: SANDBOX,
      body: { code: "1", context_id: "ctx_1", language: null, env_vars: env },
    });
    return [status, ...text.trimEnd().split("\n").map((line) => JSON.parse(line))];
  };
  const lost = new CodeBeakerError("runtime_unavailable", "It is lost");
  for (const hasStarted of [false, true]) {
    assertEquals(await run(lost, { hasStarted }), [
      200,
      { type: "error", name: "runtime_unavailable", value: "It is lost", traceback: "It is lost" },
      { type: "end_of_execution" },
    ]);
  }
  const [status, { name, value }] = await run(lost, { env: { A: "1" } });
  assertEquals([status, name, value.includes("not supported")], [200, "invalid_request", true]);
  const unknown = new CodeBeakerError("not_found", "No context has this id");
  assertEquals(await run(unknown), [404, { code: 404, message: "No context has this id" }]);
});

Deno.test("code and commands wait less than clients do, and hold the memory of their requests until they end", async () => {
  const { promise: ended, resolve: end } = Promise.withResolvers<Execution>();
  const submit = ({ maxQueueMs, onStart }: SubmitOptions = {}) => {
    assertEquals(maxQueueMs, 50_000);
    onStart?.({ id: "exec_1", runtime: "fake" });
    return Promise.resolve({ id: "exec_1", ended });
  };
  const requests = new ByteBudget({ maxBytes: 100_000, maxOwnerBytes: 100_000 });
  const sessions = fakeSessions({
    ...OPEN,
    contexts: () => ({
      create: unexpected,
      findDefault: () => Promise.resolve("ctx_1"),
      submit: (_id, _cell, options) => submit(options),
      ...{ list: () => [], interrupt: () => false, close: () => Promise.resolve() },
    }),
    submitCommand: (_caller, _id, _command, options) => submit(options),
  });
  const app = appOf({ requests, sessions });
  const code = JSON.stringify({ code: "1" });
  const start = envelope({ process: { cmd: "sh" } });
  const answers = [];
  for (const [path, body] of [["execute", code], ["process.Process/Start", start]] as const) {
    const headers = { host: "localhost", "content-length": String(body.length), ...SANDBOX };
    answers.push(await app.request(`/e2b/${path}`, { method: "POST", headers, body }, LOCAL));
  }
  assertEquals(requests.heldBytes, code.length + start.length);
  end(fakeExecution());
  await Promise.all(answers.map((answer) => answer.text()));
  assertEquals(requests.heldBytes, 0);
});

Deno.test("a list filters, orders, and pages what is left, whatever comes and goes meanwhile", async () => {
  const sandbox = (number: number, metadata: Record<string, string>) =>
    fakeSession({
      id: `sess_${String(number).padStart(32, "0")}`,
      createdAt: `2026-01-01T00:00:0${number}.000Z`,
      metadata,
    });
  let open = [1, 2, 3, 4].map((number) => sandbox(number, number % 2 === 0 ? { a: "b c" } : { "e2b.template": "js" }));
  const sessions: Partial<SessionsPort> = {
    list: (_caller, { limit }) => ({ sessions: [...open.slice(0, limit), fakeSession({ state: "closing" })] }),
    limits: () => LIMITS,
    permissions: () => NO_PERMISSIONS,
  };
  const list = async (query: string) => {
    const { headers, text } = await ask(sessions, `GET /v2/sandboxes?${query}`);
    const numbers = JSON.parse(text).map(({ sandboxID }: { sandboxID: string }) => Number(sandboxID.slice(5)));
    return { numbers, next: headers.get("x-next-token") };
  };
  const metadata = `metadata=${encodeURIComponent("a=b%2520c")}`;
  for (
    const [query, numbers] of [
      ["", [4, 3, 2, 1]],
      ["order=asc", [1, 2, 3, 4]],
      [metadata, [4, 2]],
      ["template=js&order=asc", [1, 3]],
      ["startedAfter=2026-01-01T00:00:03.000Z", [4, 3]],
      ["state=paused", []],
      [`metadata=${encodeURIComponent("a=%25")}`, []],
    ] as const
  ) assertEquals([query, await list(query)], [query, { numbers, next: null }]);
  for (const [order, first, second] of [["desc", 4, 2], ["asc", 2, 4]]) {
    const query = `${metadata}&limit=1&order=${order}`;
    const { next, numbers } = await list(query);
    const all = open;
    open = open.filter(({ id }) => Number(id.slice(5)) !== first);
    assertEquals([numbers, await list(`${query}&nextToken=${next}`)], [[first], { numbers: [second], next: null }]);
    open = all;
  }
});

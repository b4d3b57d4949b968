import { assertEquals, assertStringIncludes } from "@std/assert";
import type { SessionInfo } from "../../../../src/core/session.ts";
import type { EnginePort } from "../../../../src/engine/port.ts";
import { kernelInfo } from "../../../../src/server/compat/jupyter/kernelspecs.ts";
import type { ContextsPort, SessionsPort } from "../../../../src/sessions/port.ts";
import { fakeEngine, fakeSession, fakeSessions } from "../../../support/fake_ports.ts";
import { appOf } from "../../support/app_of.ts";
import { addKey, openKeyring } from "../../support/keyring.ts";

const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } } as const;
const ID = "sess_00112233445566778899aabbccddeeff";
const KERNEL_ID = "00112233-4455-6677-8899-aabbccddeeff";

/** Sessions of which one is a kernel. */
function oneKernel(session: SessionInfo = fakeSession({ id: ID, metadata: { "jupyter.kernel": "python3" } })) {
  const facts = { session };
  const sessions: Partial<SessionsPort> = {
    create(_caller, { language, metadata }) {
      facts.session = fakeSession({ id: ID, language, metadata });
      return Promise.resolve(facts.session);
    },
    change(_caller, _id, { metadata = {} }) {
      return facts.session = { ...facts.session, metadata };
    },
    show: () => facts.session,
    list: () => ({ sessions: [facts.session, fakeSession()] }),
    contexts: () => ({ findDefault: () => Promise.resolve("ctx_1") }) as Partial<ContextsPort> as ContextsPort,
    closing: () => new AbortController().signal,
    close: () => Promise.resolve(void (facts.session = { ...facts.session, state: "closed" })),
  };
  return Object.assign(sessions, { facts });
}

interface Asked {
  readonly engine?: Partial<EnginePort>;
  readonly body?: unknown;
}

/** An app whose door is the same for all requests. */
function doorOf(sessions: Partial<SessionsPort>, engine: Partial<EnginePort> = {}) {
  const app = appOf({ sessions: fakeSessions(sessions), engine: fakeEngine(engine) });
  return async (request: string, { body }: Asked = {}) => {
    const [method = "", path = ""] = request.split(" ");
    const init = {
      method,
      headers: { host: "localhost" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const response = await app.request(path, init, LOCAL);
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
}

Deno.test("kernelspecs: one for each language that has contexts where it can run, Python's the default", async () => {
  const runtime = (available: boolean, ...environments: readonly (readonly [string, boolean, boolean])[]) => ({
    available,
    environments: environments.map(([name, contexts, available]) => ({ name, contexts, available })),
  });
  const engine = {
    describeRuntimes: () =>
      Promise.resolve([
        runtime(true, ["web", true, true], ["typescript", true, true], ["go", false, true], ["ruby", true, false]),
        runtime(true, ["typescript", true, true], ["python", true, true]),
        runtime(false, ["lua", true, true]),
      ]) as never,
  };
  const ask = doorOf(oneKernel(), engine);
  const { body } = await ask("GET /api/kernelspecs");
  assertEquals([body.default, Object.keys(body.kernelspecs)], ["python3", ["web", "typescript", "python3"]]);
  const { body: python } = await ask("GET /api/kernelspecs/python3");
  assertEquals([python.name, python.spec.language, python.spec.argv], ["python3", "python", []]);
  assertEquals((await ask("GET /api/kernelspecs/lua")).status, 404);
  for (const body of [undefined, { name: "" }]) {
    assertEquals((await ask("POST /api/kernels", { body })).body.name, "python3");
  }
  const unnamed = { path: "a.ipynb", kernel: { name: "" } };
  assertEquals((await ask("POST /api/sessions", { body: unnamed })).body.kernel.name, "python3");
});

Deno.test("a kernel is a session under the session's id, and no other session is one", async () => {
  const sessions = oneKernel();
  const ask = doorOf(sessions);
  const { body, status } = await ask("POST /api/kernels", { body: { name: "ts", env: { A: "b" } } });
  const model = { id: KERNEL_ID, name: "typescript", execution_state: "idle", connections: 0 };
  assertEquals([status, body], [201, { ...body, ...model }]);
  assertEquals([sessions.facts.session.language, (await ask("GET /api/kernels")).body], ["typescript", [body]]);
  assertEquals((await ask(`GET /api/kernels/${KERNEL_ID}`)).body, body);
  assertEquals((await ask(`DELETE /api/kernels/${KERNEL_ID}`)).status, 204);
  for (const request of ["GET ", "DELETE ", "POST /interrupt", "POST /restart", "GET /channels"]) {
    const [method, action] = request.split(" ");
    const { body, status } = await ask(`${method} /api/kernels/${KERNEL_ID}${action}`);
    assertEquals([request, status, Object.keys(body)], [request, 404, ["message", "reason"]]);
  }
  const other = await doorOf(oneKernel(fakeSession({ id: ID })))(`GET /api/kernels/${KERNEL_ID}`);
  assertEquals(other.status, 404);
});

Deno.test("a list of kernels asks for each of them once, and a name of JavaScript's own objects is a language", async () => {
  const asked: string[] = [];
  const metadata = { "jupyter.kernel": "constructor" };
  const sessions = ["1", "2", "3"].map((id) => fakeSession({ id, metadata }));
  const ask = doorOf({
    list: () => ({ sessions }),
    closing: (_caller, id) => {
      asked.push(id);
      return new AbortController().signal;
    },
  });
  for (const _ of ["first", "second"]) {
    assertEquals((await ask("GET /api/kernels")).body.length, 3);
  }
  assertEquals(asked, ["1", "2", "3"]);
  const { banner, language_info } = kernelInfo("constructor") as Record<string, { file_extension: string }>;
  assertEquals([`${banner}`.split(" ")[0], language_info?.file_extension], ["constructor", ".txt"]);
});

Deno.test("a kernel that cannot begin leaves no session", async () => {
  const sessions = oneKernel();
  const contexts = () =>
    ({ findDefault: () => Promise.reject(new Error("no")) }) as Partial<ContextsPort> as ContextsPort;
  const { status } = await doorOf({ ...sessions, contexts })("POST /api/kernels", { body: { name: "ts" } });
  assertEquals([status, sessions.facts.session.state], [500, "closed"]);
});

Deno.test("a kernel's start that is aborted leaves no session", async () => {
  const sessions = oneKernel();
  const leaving = new AbortController();
  const findDefault = () => Promise.resolve(leaving.abort()).then(() => "ctx_1");
  const contexts = () => ({ findDefault }) as Partial<ContextsPort> as ContextsPort;
  const app = appOf({ sessions: fakeSessions({ ...sessions, contexts }), engine: fakeEngine() });
  const { signal } = leaving;
  const headers = { host: "localhost" };
  const request = new Request("http://localhost/api/kernels", {
    method: "POST",
    headers,
    body: '{"name":"ts"}',
    signal,
  });
  await app.request(request, {}, LOCAL);
  assertEquals(sessions.facts.session.state, "closed");
});

Deno.test("a path has one notebook, which is in the metadata of its kernel, and keeps the rest of it", async () => {
  const sessions = oneKernel();
  const ask = doorOf(sessions);
  const open = { path: "a.ipynb", name: "a", type: "notebook", kernel: { id: KERNEL_ID } };
  const { body, status } = await ask("POST /api/sessions", { body: open });
  assertEquals([status, body.path, body.kernel.id], [201, "a.ipynb", KERNEL_ID]);
  assertEquals((await ask("POST /api/sessions", { body: { ...open, kernel: { name: "js" } } })).body.id, body.id);
  const renamed = await ask(`PATCH /api/sessions/${body.id}`, { body: { path: "b.ipynb", kernel: { id: KERNEL_ID } } });
  assertEquals((await ask(`PATCH /api/sessions/${body.id}`, { body: { kernel: { name: "" } } })).body, renamed.body);
  assertEquals([renamed.body.id, renamed.body.path, renamed.body.name], [body.id, "b.ipynb", "a"]);
  assertEquals((await ask("GET /api/sessions")).body, [renamed.body]);
  assertEquals(sessions.facts.session.metadata["jupyter.kernel"], "python3");
  assertEquals((await ask("PATCH /api/sessions/none", { body: {} })).status, 404);
  assertEquals((await ask(`DELETE /api/sessions/${body.id}`)).status, 204);
  assertEquals([sessions.facts.session.state, (await ask("GET /api/sessions")).body], ["closed", []]);
});

Deno.test("a token is a key in the header and in the query, on Jupyter's paths alone", async () => {
  const keys = openKeyring();
  const key = addKey(keys).headers.authorization.replace("Bearer ", "");
  const app = appOf({ keys, sessions: fakeSessions(oneKernel()), engine: fakeEngine() });
  const ask = async (path: string, headers: Record<string, string> = {}) =>
    (await app.request(path, { headers: { host: "localhost", ...headers } }, LOCAL)).status;
  const header = { authorization: `token ${key}` };
  assertEquals([await ask("/api/kernels", header), await ask(`/api/kernels?token=${key}`)], [200, 200]);
  assertEquals(await ask(`/api/kernels?token=${key}`, header), 200);
  assertEquals(await ask("/api/kernels?token=", header), 200);
  assertEquals([await ask("/api", header), await ask("/api")], [200, 401]);
  assertEquals([await ask("/api/contents", header), await ask("/api/status", header)], [404, 404]);
  assertEquals([await ask("/api/kernels?token=other", header), await ask("/api/kernels")], [401, 401]);
  for (const path of ["/api/v2/runtimes", "/v1/sessions", "/api/language"]) {
    assertEquals([await ask(path, header), await ask(`${path}?token=${key}`)], [401, 401]);
  }
  const refused = await app.request("/api/kernels", { headers: { host: "localhost" } }, LOCAL);
  assertStringIncludes((await refused.json()).message, "key");
});

import { assertEquals } from "@std/assert";
import { createKey } from "../support/keys.ts";
import { jupyterAvailability, startJupyterServer } from "../support/jupyter_server.ts";
import { runNpmClient } from "../support/npm_client.ts";
import { npmAvailability } from "../support/npm_registry.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";

/** What JupyterLab's client is asked to do with each server, by its address and token; it prints what comes of it. */
const CLIENT = `
  import { KernelManager, KernelSpecManager, ServerConnection, SessionManager } from "npm:@jupyterlab/services@7.6";

  const run = (kernel, code, { onInput = () => {}, ...more } = {}) => {
    const future = kernel.requestExecute({ code, ...more });
    const seen = [];
    future.onIOPub = ({ header: { msg_type: type }, content }) => {
      if (type === "execute_input") onInput();
      if (type === "stream") seen.push([content.name, content.text]);
      if (type === "execute_result" || type === "display_data") seen.push([type, content.data]);
      if (type === "error") seen.push([type, content.ename, content.traceback.at(-1).trim()]);
    };
    return future.done.then(({ content: { execution_count, status } }) => [status, execution_count, ...seen.sort()]);
  };

  async function use(baseUrl, token) {
    const answers = {};
    for (let looks = 0; !answers.isThere && looks < 1_000; looks++) {
      answers.isThere = (await fetch(baseUrl + "api?token=" + token).catch(() => ({}))).ok;
      if (!answers.isThere) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const wsUrl = baseUrl.replace("http", "ws");
    const serverSettings = ServerConnection.makeSettings({ baseUrl, wsUrl, token, appendToken: true });
    const specs = new KernelSpecManager({ serverSettings });
    await specs.ready;
    const kernelManager = new KernelManager({ serverSettings });
    const sessions = new SessionManager({ kernelManager, serverSettings });
    await sessions.ready;
    const notebook = { path: "a.ipynb", name: "a", type: "notebook" };
    const session = await sessions.startNew({ ...notebook, kernel: { name: "typescript" } });
    const { kernel } = session;
    answers.specs = [specs.specs.default, specs.specs.kernelspecs.javascript.display_name];
    answers.info = (await kernel.info).language_info.name;
    const other = kernelManager.connectTo({ model: kernel.model });
    await other.info;
    const heard = [];
    const heardAll = new Promise((resolve) => other.iopubMessage.connect((_, { content, header }) => {
      heard.push(header.msg_type);
      if (heard.includes("stream") && content.execution_state === "idle") resolve();
    }));
    answers.cells = [
      await run(kernel, "let x = 41; console.log('hé'); console.error('e'); x + 1"),
      await run(kernel, "null.x"),
      await run(kernel, "x += 1; console.log(1)", { silent: true }),
      await run(kernel, "await display({ 'image/png': 'iVBORw0KGgo=' }, { raw: true })"),
    ];
    await heardAll;
    answers.heard = heard.includes("execute_result");
    other.dispose();
    answers.interrupted = await run(kernel, "await new Promise(() => {})", { onInput: () => kernel.interrupt() });
    answers.kept = await run(kernel, "x");
    await kernel.restart();
    answers.restarted = await run(kernel, "typeof x");
    const statuses = [];
    const recovered = new Promise((resolve) => kernel.statusChanged.connect((_, status) => {
      statuses.push(status);
      if (statuses.includes("autorestarting") && status === "idle") resolve();
    }));
    answers.lost = (await run(kernel, "Deno.exit(3)"))[0];
    await recovered;
    answers.dying = await run(kernel, "let y = 1; setTimeout(() => Deno.exit(3), 500); y");
    statuses.splice(0);
    const restarted = new Promise((resolve) => kernel.statusChanged.connect((_, status) => {
      statuses.push(status);
      if (statuses.includes("autorestarting") && status === "idle") resolve();
    }));
    do {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answers.unaware = (await run(kernel, "y"))[0];
    } while (answers.unaware === "ok");
    await restarted;
    answers.died = await run(kernel, "typeof y");
    answers.empty = [
      (await kernel.requestComplete({ code: "a", cursor_pos: 1 })).content.matches,
      (await kernel.requestInspect({ code: "a", cursor_pos: 1, detail_level: 0 })).content.found,
      (await kernel.requestIsComplete({ code: "a" })).content.status,
      (await kernel.requestHistory({ hist_access_type: "tail", n: 1 })).content.history,
      (await kernel.requestCommInfo({})).content.comms,
    ];
    await session.setPath("b.ipynb");
    await sessions.refreshRunning();
    answers.sessions = [...sessions.running()].map(({ kernel, path }) => [path, kernel.name]);
    await session.changeKernel({ name: "javascript" });
    answers.changed = [session.kernel.name, ...await run(session.kernel, "6 * 7")];
    const { id } = session.kernel;
    await session.shutdown();
    await kernelManager.refreshRunning();
    answers.isShutDown = ![...kernelManager.running()].some((running) => running.id === id);
    return answers;
  }

  const servers = JSON.parse(Deno.env.get("SERVERS"));
  console.info = console.warn = console.debug = () => {};
  console.log(JSON.stringify(await Promise.all(servers.map(({ token, url }) => use(url + "/", token)))));
  Deno.exit();
`;

const EXPECTED = {
  isThere: true,
  specs: ["typescript", "JavaScript"],
  info: "typescript",
  cells: [
    ["ok", 1, ["execute_result", { "text/plain": "42" }], ["stderr", "e\n"], ["stdout", "hé\n"]],
    ["error", 2, ["error", "TypeError", "at cell_2:1:6"]],
    ["ok", 2],
    ["ok", 3, ["display_data", { "image/png": "iVBORw0KGgo=" }]],
  ],
  heard: true,
  interrupted: ["error", 4, ["error", "cancelled", "cancelled"]],
  kept: ["ok", 5, ["execute_result", { "text/plain": "42" }]],
  restarted: ["ok", 1, ["execute_result", { "text/plain": '"undefined"' }]],
  lost: "error",
  dying: ["ok", 1, ["execute_result", { "text/plain": "1" }]],
  unaware: "error",
  died: ["ok", 1, ["execute_result", { "text/plain": '"undefined"' }]],
  empty: [[], false, "unknown", [], {}],
  sessions: [["b.ipynb", "typescript"]],
  changed: ["javascript", "ok", 1, ["execute_result", { "text/plain": "42" }]],
  isShutDown: true,
};

if (isPresent("npm_registry", await npmAvailability()) && isPresent("jupyter-server", jupyterAvailability())) {
  Deno.test("@jupyterlab/services 7.6 has kernels from start to shutdown, directly and through Debian's jupyter-server, unmodified", async () => {
    const home = await Deno.makeTempDir();
    try {
      const key = await createKey(home, "jupyter", "--scopes", "sessions");
      await using service = await openService({ home });
      await using server = await startJupyterServer({ url: service.url, key });
      const servers = JSON.stringify([{ url: service.url, token: key }, server]);
      const [direct, gateway] = await runNpmClient(CLIENT, { env: { SERVERS: servers } });
      assertEquals([direct, gateway], [EXPECTED, EXPECTED]);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  });
}

/** A message as Open WebUI sends it. */
function executeRequest(code: string) {
  const header = {
    msg_id: "m1",
    msg_type: "execute_request",
    username: "user",
    session: "s",
    date: "",
    version: "5.3",
  };
  const options = { silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true };
  return { header, parent_header: {}, metadata: {}, content: { code, ...options }, channel: "shell" };
}

Deno.test("Open WebUI's calls run code: a kernel without a body, plain JSON, and a wait for idle", async () => {
  await using service = await openService();
  const kernel = await (await fetch(`${service.url}/api/kernels?token=any`, { method: "POST" })).json();
  const url = `${service.url.replace("http", "ws")}/api/kernels/${kernel.id}/channels?token=any&session_id=`;
  const other = new WebSocket(url); // An empty id is none, so that neither takes the place of the other.
  await new Promise((resolve) => other.onopen = resolve);
  const socket = new WebSocket(url);
  const seen: unknown[] = [];
  const done = Promise.withResolvers<void>();
  socket.onopen = () => socket.send(JSON.stringify(executeRequest("console.log('printed'); 6 * 7")));
  socket.onmessage = ({ data }) => {
    const { content, msg_type, parent_header } = JSON.parse(data);
    if (parent_header.msg_id !== "m1") return;
    if (msg_type === "stream") seen.push(content.text);
    if (msg_type === "execute_result") seen.push(content.data["text/plain"]);
    if (msg_type === "status" && content.execution_state === "idle") done.resolve();
  };
  await done.promise;
  assertEquals(other.readyState, WebSocket.OPEN);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  const { status } = await fetch(`${service.url}/api/kernels/${kernel.id}?token=any`, { method: "DELETE" });
  await closed;
  assertEquals([kernel.name, seen, status], ["typescript", ["printed\n", "42"], 204]);
});

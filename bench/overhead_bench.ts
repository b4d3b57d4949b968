import { Keyring } from "../src/access/mod.ts";
import { composeService } from "../src/compose/mod.ts";
import { openHomeStorage } from "../src/compose/home_storage.ts";
import { loadConfig } from "../src/config.ts";
import { CELL_REPORT, REPORT_END } from "../src/core/child_protocol.ts";
import { keyPolicySchema } from "../src/core/key_policy.ts";
import type { Execution, Outcome, OutputChunk } from "../src/core/execution.ts";
import { parseExecutionRequest } from "../src/core/requests/execution_request.ts";
import { envelope } from "../src/server/compat/e2b/connect.ts";
import type { ExecutionEnvironment, ProgramHandle } from "../src/runtimes/port.ts";
import { NeedAnalyser } from "../src/needs/mod.ts";
import { SYSTEM_CLOCK } from "../src/concurrency/clock.ts";
import { Workspace } from "../src/workspace/workspace.ts";
import { fakeProgram } from "../tests/support/fake_environment.ts";
import { fakeRuntime } from "../tests/support/fake_runtime.ts";
import { median, printTable } from "./table.ts";

const WARM_UP = 500;
const ROUNDS = 3_000;
const REQUEST = { language: "typescript", code: 'console.log("hello", 40 + 2);' };
const BODY = JSON.stringify(REQUEST);
const EXPLAINED_BODY = JSON.stringify({ ...REQUEST, explain: true });
const JOB = JSON.stringify({ language: "typescript", version: "*", files: [{ content: REQUEST.code }] });
const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "run_code",
    arguments: REQUEST,
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});
const CALL_HEADERS = {
  "content-type": "application/json",
  "accept": "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "run_code",
};
const COMMAND = JSON.stringify({ type: "execute_shell", command: "sh", args: ["-c", "true"] });
const E2B_START = envelope({ process: { cmd: "sh", args: ["-c", "true"] }, stdin: false });
const OUTPUT: OutputChunk = { stream: "stdout", bytes: new TextEncoder().encode("hello 42\n") };

/** Measures the overhead of the service on a program that costs nothing; returns the p50 in ms. */
export async function benchOverhead(): Promise<number> {
  const home = await Deno.makeTempDir();
  try {
    return await measure(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function measure(home: string): Promise<number> {
  await using opened = await openService(home);
  const { service, storage, keyring, key } = opened;
  const headers = { authorization: `Bearer ${key}`, host: "localhost" };
  const address = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  const info = { remoteAddr: address, completed: Promise.resolve() };
  const execute = async (fetch: (request: Request) => Response | Promise<Response>, origin: string, body = BODY) => {
    const response = await fetch(new Request(`${origin}/v1/executions`, { method: "POST", headers, body }));
    const execution: Execution = await response.json();
    if (execution.stdout !== "hello 42\n") throw new Error(`The service answers ${JSON.stringify(execution)}`);
    return execution;
  };
  const executeHere = (body?: string) => execute((request) => service.fetch(request, info), "http://localhost", body);
  const [inProcess = [], explained = []] = await timeInTurns([() => executeHere(), () => executeHere(EXPLAINED_BODY)]);
  const viaPiston = async () => {
    const answer = await service.fetch(
      new Request("http://localhost/api/v2/execute", { method: "POST", headers, body: JOB }),
      info,
    );
    const { run } = await answer.json();
    if (run.output !== "hello 42\n") throw new Error(`Piston's door answers ${JSON.stringify(run)}`);
  };
  const viaMcp = async () => {
    const answer = await service.fetch(
      new Request("http://localhost/mcp", { method: "POST", headers: { ...headers, ...CALL_HEADERS }, body: CALL }),
      info,
    );
    const text = await answer.text();
    if (!text.includes('"stdout":"hello 42\\n"')) throw new Error(`The MCP door answers ${text}`);
  };
  const [plain = [], piston = [], mcp = []] = await timeInTurns([() => executeHere(), viaPiston, viaMcp]);
  const post = (path: string, body: BodyInit, more: Readonly<Record<string, string>> = {}) =>
    service.fetch(
      new Request(`http://localhost${path}`, { method: "POST", headers: { ...headers, ...more }, body }),
      info,
    );
  const { sandboxID } = await (await post("/e2b/v2/sandboxes", '{"templateID":"typescript"}')).json();
  const command = async () => {
    const answer = await (await post(`/v1/sessions/${sandboxID}/commands`, COMMAND)).json();
    if (answer.result.stdout !== "hello 42\n") throw new Error(`The command answers ${JSON.stringify(answer)}`);
  };
  const viaE2b = async () => {
    const answer = await post("/e2b/process.Process/Start", E2B_START, { "e2b-sandbox-id": sandboxID });
    const text = await answer.text();
    if (!text.includes(OUTPUT.bytes.toBase64())) throw new Error(`E2B's door answers ${text}`);
  };
  const [commands = [], e2b = []] = await timeInTurns([command, viaE2b]);
  const { id: contextId } = await (await post(`/v1/sessions/${sandboxID}/contexts`, "{}")).json();
  const cellBody = JSON.stringify({ code: REQUEST.code });
  const cell = async () => {
    const answer = await (await post(`/v1/sessions/${sandboxID}/contexts/${contextId}/executions`, cellBody)).json();
    if (answer.stdout !== "hello 42\n") throw new Error(`The cell answers ${JSON.stringify(answer)}`);
  };
  const cellViaE2b = async () => {
    const text = await (await post("/e2b/execute", cellBody, { "e2b-sandbox-id": sandboxID })).text();
    if (!text.includes("hello 42\\n")) throw new Error(`E2B's door answers ${text}`);
  };
  const [cells = [], e2bCells = []] = await timeInTurns([cell, cellViaE2b]);
  const door = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, from) => service.fetch(request, from),
  );
  const origin = `http://127.0.0.1:${door.addr.port}`;
  const [overLoopback = [], bareLoopback = []] = await timeInTurns([
    () => execute(fetch, origin),
    async () => await (await fetch(`${origin}/health/live`)).text(),
  ]);
  await door.shutdown();

  const request = parseExecutionRequest(JSON.parse(BODY));
  const principal = keyring.authenticate(key);
  const example = await executeHere();
  let number = 0;
  const parts = {
    authentication: await timeEach(() => keyring.hasKeys() && keyring.authenticate(key)),
    validation: await timeEach(() => parseExecutionRequest(JSON.parse(BODY))),
    selection: await timeEach(() => service.engine.select({ principal }, request)),
    "the execution's record, begun and ended": await timeEach(() => {
      const execution = { ...example, id: `exec_bench${number++}` };
      storage.executions.begin({ tenant: principal.tenant, draft: execution });
      storage.executions.end(execution);
    }),
  };
  const analyses = await timeAnalyses();
  printTable("Overhead of the service on a program that costs nothing", ["figure", "p50"], [
    { name: "one-shot with a key, in process (bound: 0.5 ms)", cells: [inMs(inProcess)] },
    { name: "the same one-shot with `explain`", cells: [inMs(explained)] },
    {
      name: "what the same one-shot through Piston's `/api/v2/execute` adds (bound: 1.5 ms)",
      cells: [`${(median(piston) - median(plain)).toFixed(3)} ms`],
    },
    {
      name: "what the same one-shot through MCP's `run_code` adds (bound: 1.5 ms)",
      cells: [`${(median(mcp) - median(plain)).toFixed(3)} ms`],
    },
    {
      name: "what a command in a session through E2B's `Start` adds (bound: 1.5 ms)",
      cells: [`${(median(e2b) - median(commands)).toFixed(3)} ms`],
    },
    {
      name: "what a cell through E2B's `/execute` adds (bound: 1.5 ms)",
      cells: [`${(median(e2bCells) - median(cells)).toFixed(3)} ms`],
    },
    ...Object.entries(parts).map(([part, samples]) => ({ name: `of it, ${part}`, cells: [inMs(samples)] })),
    ...Object.entries(analyses).map(([part, samples]) => ({ name: `need analysis, ${part}`, cells: [inMs(samples)] })),
    { name: "the same one-shot over loopback", cells: [inMs(overLoopback)] },
    { name: "`/health/live` over loopback", cells: [inMs(bareLoopback)] },
    {
      name: "what the one-shot adds to such a request (bound: 0.4 ms)",
      cells: [`${(median(overLoopback) - median(bareLoopback)).toFixed(3)} ms`],
    },
  ]);
  return median(inProcess);
}

/** Times the analysis of programs that it has not seen: each is followed by its number. */
async function timeAnalyses(): Promise<Record<string, number[]>> {
  using analyser = new NeedAnalyser();
  const time = async (entrypoint: string, code: string) => {
    let number = 0;
    return await timeEach(() => {
      const bytes = new TextEncoder().encode(`${code}${number++}`);
      return analyser.find({ files: [{ path: entrypoint, bytes }], entrypoint });
    });
  };
  const line = "export const doubled = [1, 2, 3].map((one) => one * 2);\n";
  return {
    "a program that only computes": await time("main.ts", `${REQUEST.code}//`),
    "one with an import": await time("main.ts", 'import { join } from "node:path";\nconsole.log(join("a", "b"));//'),
    "a Python program with an import": await time("main.py", "import numpy as np\nprint(np.zeros(3))#"),
    "5 KB with an import, in the thread": await time("main.ts", `import "node:fs";\n${line.repeat(90)}//`),
    "64 KB that only compute": await time("main.ts", line.repeat(1_150)),
    "64 KB with an import, whose beginning is read (bound: 2 ms)": await time(
      "main.ts",
      `import "node:fs";\n${line.repeat(1_150)}//`,
    ),
  };
}

/** Opens a service with storage on disk, a key, and one runtime that runs nothing. */
async function openService(home: string) {
  const config = await loadConfig({ home, scratch: home });
  await using opened = new AsyncDisposableStack();
  const storage = opened.use(openHomeStorage(config));
  const keyring = new Keyring({ keys: storage.keys, audit: storage.audit, clock: SYSTEM_CLOCK });
  const { text: key } = keyring.create("bench", keyPolicySchema.parse({}));
  const runtime = fakeRuntime({ createEnvironment: () => Promise.resolve(emptyEnvironment(home)) });
  const service = opened.use(await composeService(config, { createRuntimes: () => [runtime] }));
  const owned = opened.move();
  return { service, storage, keyring, key, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** An environment whose program prints and exits at once, as each cell of its contexts does. */
function emptyEnvironment(home: string): ExecutionEnvironment {
  const files = new Workspace(home, { asideDirectory: home });
  files.write = () => Promise.resolve();
  return {
    id: "env_empty",
    language: "typescript",
    warm: false,
    files,
    mainFile: () => "main.ts",
    run: ({ kind }) =>
      Promise.resolve(kind === "context" ? emptyInterpreter() : fakeProgram({ output: ReadableStream.from([OUTPUT]) })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The interpreter of a context. Each cell prints, and ends at once. */
function emptyInterpreter(): ProgramHandle {
  const output = new TransformStream<OutputChunk, OutputChunk>(undefined, undefined, { highWaterMark: 100 });
  const writer = output.writable.getWriter();
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
  const stdin = new WritableStream<Uint8Array>({
    async write(bytes) {
      const { cell: { secret } } = JSON.parse(new TextDecoder().decode(bytes));
      const toReport = (report: object) =>
        new TextEncoder().encode(`${CELL_REPORT}${secret}${JSON.stringify(report)}${REPORT_END}`);
      await writer.write(OUTPUT);
      await writer.write({ stream: "stdout", bytes: toReport({ kind: "done" }) });
      await writer.write({ stream: "stderr", bytes: toReport({}) });
    },
  });
  return fakeProgram({
    stdin,
    output: output.readable,
    outcome,
    kill: (signal) => resolve({ kind: "signaled", signal }),
  });
}

async function timeEach(work: () => unknown): Promise<number[]> {
  const [samples = []] = await timeInTurns([work]);
  return samples;
}

/** Times several kinds of work in turns, so that whatever else the machine does slows all of them. */
async function timeInTurns(works: readonly (() => unknown)[]): Promise<number[][]> {
  const timed = works.map((work) => ({ work, samples: [] as number[] }));
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const { work, samples } of timed) {
      const startedAt = performance.now();
      await work();
      if (round >= 0) samples.push(performance.now() - startedAt);
    }
  }
  return timed.map(({ samples }) => samples);
}

function inMs(samples: readonly number[]): string {
  return `${median(samples).toFixed(3)} ms`;
}

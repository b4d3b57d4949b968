import { delay } from "../src/concurrency/delay.ts";
import { TextLineStream } from "../tests/support/text_lines.ts";
import { type ServiceProcess, startServiceProcess } from "../tests/support/service_process.ts";
import { forgetPeak, peakMb, residentMb } from "./process_memory.ts";
import { median, printTable, type Row } from "./table.ts";

const MEBIBYTE = 1_048_576;
const TOTAL_BYTES = 1_024 * MEBIBYTE;
const ROUNDS = 6;
const PAUSE_AFTER_BYTES = 100 * MEBIBYTE;
const PAUSE_MS = 3_000;
const SETTLE_MS = 2_000;

/** A program that prints so many bytes as fast as they are read. */
const codeFor = (bytes: number) => `
const block = new TextEncoder().encode(("x".repeat(127) + "\\n").repeat(512));
for (let left = ${bytes}; left > 0;) left -= Deno.stdout.writeSync(block.subarray(0, left));
`;

/** Reads all output of a program, reporting each piece; returns the kind of its outcome. */
type Read = (url: string, bytes: number, onText: (length: number) => void) => Promise<string>;

const READERS: readonly { readonly name: string; readonly read: Read }[] = [
  { name: "server-sent events", read: readEvents },
  { name: "WebSocket", read: readSocket },
];

/** Measures the service's memory while 1 GB of output streams through, several times, with fast and pausing readers. */
export async function benchStreaming(): Promise<void> {
  const rows: Row[] = [];
  for (const { name, read } of READERS) {
    rows.push(await measure(`${name}, the reader keeps up`, { read, pauseMs: 0 }));
    rows.push(await measure(`${name}, the reader stops for ${PAUSE_MS / 1_000} s`, { read, pauseMs: PAUSE_MS }));
  }
  const header = ["reader", "peak above idle, first GB", `GB number ${ROUNDS} (bound: 128 MB)`, "rate"];
  printTable("1 GB of output through the service", header, rows);
}

async function measure(
  name: string,
  options: { readonly read: Read; readonly pauseMs: number },
): Promise<Row> {
  await using service = await startServiceProcess(["--log-level", "warning"]);
  const { pid } = service.process;
  await options.read(service.url, MEBIBYTE, () => {});
  await delay(SETTLE_MS);
  const idleMb = residentMb(pid);
  const peaks: string[] = [];
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    forgetPeak(pid);
    rates.push(await readAll(service, options));
    peaks.push(`${(peakMb(pid) - idleMb).toFixed(0)} MB`);
  }
  return { name, cells: [peaks[0] ?? "", peaks.at(-1) ?? "", `${median(rates).toFixed(0)} MB/s`] };
}

/** Reads all output; returns the rate in MB a second, without the pause. */
async function readAll(
  service: ServiceProcess,
  { read, pauseMs }: { readonly read: Read; readonly pauseMs: number },
): Promise<number> {
  let received = 0;
  let hasPaused = false;
  const startedAt = performance.now();
  const outcome = await read(service.url, TOTAL_BYTES, (length) => {
    received += length;
    if (hasPaused || pauseMs === 0 || received < PAUSE_AFTER_BYTES) return;
    hasPaused = true;
    blockFor(pauseMs);
  });
  if (outcome !== "exited" || received !== TOTAL_BYTES) {
    throw new Error(`The program ended as ${outcome} after ${received} bytes: ${service.log()}`);
  }
  return TOTAL_BYTES / MEBIBYTE / (performance.now() - startedAt - pauseMs) * 1_000;
}

/** Blocks this process, so that its sockets are not read. */
function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function requestFor(bytes: number) {
  return {
    language: "typescript",
    code: codeFor(bytes),
    timeoutMs: 300_000,
    limits: { maxTotalOutputBytes: TOTAL_BYTES, cpuMs: 300_000 },
  };
}

async function readEvents(url: string, bytes: number, onText: (length: number) => void): Promise<string> {
  const response = await fetch(`${url}/v1/executions`, {
    method: "POST",
    headers: { accept: "text/event-stream" },
    body: JSON.stringify(requestFor(bytes)),
  });
  if (response.body === null || !response.ok) throw new Error(`The service answers ${await response.text()}`);
  let outcome = "none";
  for await (const line of response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
    if (!line.startsWith("data:")) continue;
    const data = JSON.parse(line.slice("data:".length));
    if (data.text !== undefined) onText(data.text.length);
    if (data.outcome !== undefined) outcome = data.outcome.kind;
  }
  return outcome;
}

async function readSocket(url: string, bytes: number, onText: (length: number) => void): Promise<string> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/jsonrpc`);
  const { promise: answered, resolve, reject } = Promise.withResolvers<string>();
  const send = (id: number, method: string, params: unknown) =>
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  socket.onopen = () => send(1, "initialize", { capabilities: { streaming: true } });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.error !== undefined) return reject(new Error(`The service answers ${data}`));
    if (message.method === "execution.output") return onText(message.params.text.length);
    if (message.id === 1) return send(2, "execution.run", { ...requestFor(bytes), wait: true });
    if (message.id === 2) resolve(message.result.outcome.kind);
  };
  const closed = new Promise<void>((done) =>
    socket.onclose = () => {
      reject(new Error("The socket closed"));
      done();
    }
  );
  try {
    return await answered;
  } finally {
    socket.close();
    await closed;
  }
}

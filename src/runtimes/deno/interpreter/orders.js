import { createRequire } from "node:module";

const { Object, Promise, ReadableStream, Uint8Array } = globalThis;
const { stdin } = Deno;
const read = stdin.read.bind(stdin);
let socket;

/** Reads stdin in pieces. Between two pieces its descriptor may be closed for the program. */
export async function* readOrders() {
  endStdin();
  const buffer = new Uint8Array(65_536);
  while (socket === undefined) {
    const length = await read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
  yield* socket;
}

/**
 * Reads stdin by a socket from now on, and closes its descriptor. Code of the program that reads the descriptor would
 * take the service's orders. Call it while no piece is being read. Where no socket can be opened, the descriptor stays
 * open.
 */
export function closeStdin() {
  if (socket !== undefined) return;
  const require = createRequire(import.meta.url);
  try {
    socket = new (require("node:net").Socket)({ fd: 0, readable: true, writable: false });
  } catch {
    return; // This Deno's sockets open no pipes.
  }
  require("node:fs").closeSync(0);
}

/** Makes stdin end for the program. */
function endStdin() {
  const readable = new ReadableStream({ start: (controller) => controller.close() });
  const ended = { read: () => Promise.resolve(null), readSync: () => null, readable };
  for (const [name, value] of Object.entries(ended)) {
    Object.defineProperty(stdin, name, { value, configurable: true, writable: true, enumerable: false });
  }
}

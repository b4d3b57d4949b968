import { createRequire } from "node:module";

const { Object, Promise, ReadableStream, Uint8Array } = globalThis;
const { stdin } = Deno;
const require = createRequire(import.meta.url);
const read = stdin.read.bind(stdin);
/** The pipe handle that reads stdin; undefined where Deno has none. It stays referenced here. */
let pipe;
let isClosed = false;

/**
 * Reads stdin in pieces. A pipe handle of Node's lets the event loop itself wait for them. `Deno.stdin` waits in a
 * thread, which costs every cell two wake-ups (0.04 ms).
 */
export function readOrders() {
  endStdin();
  const { pieces, push } = makeQueue();
  pipe = openPipe(push);
  return pipe === undefined ? readPieces() : pieces;
}

/**
 * Closes the descriptor of stdin. Code of the program that reads the descriptor would take the service's orders. The
 * pipe handle keeps a descriptor of its own; without a handle, the descriptor stays open.
 */
export function closeStdin() {
  if (pipe === undefined || isClosed) return;
  isClosed = true;
  require("node:fs").closeSync(0);
}

/** Opens stdin as a pipe handle. It calls `push` with each piece, and with undefined at the end. */
function openPipe(push) {
  try {
    const { Pipe, socketType } = require("node:process").binding("pipe_wrap");
    const opened = new Pipe(socketType.SOCKET);
    opened.onread = (buffer) => push(buffer && new Uint8Array(buffer));
    return opened.open(0) === 0 && opened.readStart() === 0 ? opened : undefined;
  } catch {
    return undefined;
  }
}

/** Makes an iterable of what is pushed, until undefined is pushed. */
function makeQueue() {
  const queued = [];
  let arrival = Promise.withResolvers();
  const push = (piece) => {
    queued.push(piece);
    arrival.resolve();
  };
  async function* take() {
    for (;;) {
      await arrival.promise;
      arrival = Promise.withResolvers();
      while (queued.length > 0) {
        const piece = queued.shift();
        if (piece === undefined) return;
        yield piece;
      }
    }
  }
  return { pieces: take(), push };
}

async function* readPieces() {
  const buffer = new Uint8Array(65_536);
  for (let length = await read(buffer); length !== null; length = await read(buffer)) yield buffer.subarray(0, length);
}

/** Makes stdin end for the program. */
function endStdin() {
  const readable = new ReadableStream({ start: (controller) => controller.close() });
  const ended = { read: () => Promise.resolve(null), readSync: () => null, readable };
  for (const [name, value] of Object.entries(ended)) {
    Object.defineProperty(stdin, name, { value, configurable: true, writable: true, enumerable: false });
  }
}

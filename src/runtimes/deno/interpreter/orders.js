import { createRequire } from "node:module";

const { Uint8Array } = globalThis;
const { stdin } = Deno;
const read = stdin.read.bind(stdin);
let socket;

/** What comes on stdin. Between two pieces it may be closed for everybody else. */
export async function* readOrders() {
  const buffer = new Uint8Array(65_536);
  while (socket === undefined) {
    const length = await read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
  yield* socket;
}

/**
 * Reads stdin by another way than its descriptor, and closes that: whoever reads it in the program would take what the
 * service says, and wait for it. No piece may be under way. Where there is no other way the descriptor stays open.
 */
export function closeStdin() {
  if (socket !== undefined) return;
  const require = createRequire(import.meta.url);
  try {
    socket = new (require("node:net").Socket)({ fd: 0, readable: true, writable: false });
  } catch {
    return; // A Deno whose sockets open no pipes.
  }
  require("node:fs").closeSync(0);
}

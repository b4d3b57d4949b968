/**
 * The frames between the service and a slot. A frame is the length of its rest in 4 bytes, from the slot also a byte
 * for its kind, and the rest. Both directions block: a slot does one thing at a time.
 * `src/runtimes/isolate/slot_frames.ts` is the service's side.
 */
const { dlopen } = require("node:ffi");
const { readSync, writeSync } = require("node:fs");

/** The most bytes of a frame's rest. */
const MAX_BYTES = 65_536;
/** The longest time to wait at once. */
const MAX_WAIT_MS = 60_000;
const STDIN = 0;
const STDOUT = 1;
/** The bytes of the length and of the head. On the way to the service the head has the kind. */
const LENGTH_BYTES = 4;
const HEAD_BYTES = LENGTH_BYTES + 1;

/** The memory of a read, which takes all bytes that there are. */
const buffer = Buffer.allocUnsafe(MAX_BYTES);
/** Bytes of the last read that belong to later frames. */
let held = buffer.subarray(0, 0);

/** Kinds of frames to the service. */
exports.KINDS = { ready: 0, stdout: 1, stderr: 2, done: 3 };

/** Reads the rest of the next frame as JSON. Undefined where the service has closed the pipe. */
exports.readRequest = function readRequest() {
  const head = readBytes(LENGTH_BYTES);
  if (head === undefined) return undefined;
  const rest = readBytes(head.readUInt32BE(0));
  return rest === undefined ? undefined : JSON.parse(rest.toString());
};

/** The event of poll(2): there are bytes to read, or no more will come. */
const POLLIN = 1;
const { functions: { poll } } = dlopen("libc.so.6", { poll: { return: "i32", arguments: ["pointer", "u64", "i32"] } });

/** Waits for a request, or until the service has closed the pipe. Returns false where neither came within `waitMs`. */
exports.waitForRequest = function waitForRequest(waitMs) {
  if (held.length > 0) return true;
  const asked = Buffer.alloc(8); // struct pollfd
  asked.writeInt32LE(STDIN, 0);
  asked.writeInt16LE(POLLIN, 4);
  return poll(asked, 1n, waitMs < 0 ? -1 : Math.min(Math.ceil(waitMs), MAX_WAIT_MS)) > 0;
};

/** Writes a text as a frame, or several where it is long. It waits until the service takes them. */
exports.writeFrame = function writeFrame(kind, text) {
  const bytes = Buffer.from(text);
  for (let from = 0; from === 0 || from < bytes.length; from += MAX_BYTES) {
    const part = bytes.subarray(from, from + MAX_BYTES);
    const frame = Buffer.allocUnsafe(HEAD_BYTES + part.length);
    frame.writeUInt32BE(part.length, 0);
    frame[LENGTH_BYTES] = kind;
    part.copy(frame, HEAD_BYTES);
    for (let at = 0; at < frame.length;) at += writeSync(STDOUT, frame, at);
  }
};

/** Reads so many bytes. Undefined where the service has closed the pipe. */
function readBytes(length) {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0;;) {
    const taken = held.copy(bytes, at);
    held = held.subarray(taken);
    at += taken;
    if (at === length) return bytes;
    const read = readSync(STDIN, buffer, 0, buffer.length, null);
    if (read === 0) return undefined;
    held = buffer.subarray(0, read);
  }
}

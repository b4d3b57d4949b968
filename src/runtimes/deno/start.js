/**
 * Runs in a Deno program's process before the program is loaded. It reports that the program may begin, and waits for a
 * byte on stdin. Afterwards it reports on stderr (src/core/child_protocol.ts):
 *
 * - the end of the program, on stdout too, unless code of the program may still print;
 * - that the program exits by itself with a code above 128;
 * - each denial once: `[message, stack]`. Deno makes a `NotCapable` for it, whether or not the program catches that,
 *   and making one runs the constructor of its superclass. Modules are denied with an error of another class. A
 *   variable that is not granted is undefined without an error.
 *
 * A program that undoes this, or writes a report itself, falsifies only the reports about itself.
 */
const { env, errors, exit, stderr, stdin, stdout } = Deno;
const internals = Deno[Deno.internal];
const getVariable = env.get;
const { apply } = Reflect;
const { addEventListener: listen } = EventTarget.prototype;
const [write, print] = [stderr, stdout].map((stream) => stream.writeSync.bind(stream));
const encode = TextEncoder.prototype.encode.bind(new TextEncoder());
const stringify = JSON.stringify;
/** Begins every report; src/core/child_protocol.ts has the same words. */
const REPORT = "\0\x07";
const READY = `${REPORT}\0`;
const ENDED = `${REPORT}\x04`;
const EXITS_BY_ITSELF = `${REPORT}\x01\0`;
const reported = new Set();
let hasListeners = false;

/** Reports a denial, by its error. */
export function reportDenial(error) {
  try {
    const message = `${error.message}`.slice(0, 500);
    if (reported.size >= 1000 || reported.has(message)) return;
    reported.add(message);
    write(encode(`${REPORT}${stringify([message, `${error.stack}`.slice(0, 3000)])}\0`));
  } catch {
    // The value is no error, or the program closed its stderr or broke a built-in that this uses.
  }
}

/** Forgets the reported denials, so that the same ones are reported again. */
export function forgetDenials() {
  reported.clear();
}

/** Whether listeners of the program are still to be called. Node's process is asked only where it is loaded already. */
function mayPrintMore() {
  if (hasListeners || globalThis.onunload !== null) return true;
  return internals?.dispatchProcessExitEvent !== undefined && globalThis.process.listenerCount("exit") > 0;
}

function reportExit() {
  try {
    const code = Deno.exitCode & 255;
    if (code > 128) write(encode(EXITS_BY_ITSELF)); // The end of the process may be known before both streams are read.
    if (mayPrintMore()) return;
    const end = encode(`${ENDED}${code}\0`);
    print(end);
    write(end);
  } catch {
    // The program closed a stream or broke a built-in: the end of the process counts.
  }
}

Object.setPrototypeOf(
  errors.NotCapable,
  class extends Error {
    constructor(...args) {
      super(...args);
      reportDenial(this);
    }
  },
);
env.get = function get(name) {
  const value = getVariable(name);
  if (value === undefined) reportDenial(new Error(`Requires env access to "${name}"`));
  return value;
};
addEventListener("unhandledrejection", ({ reason }) => reportDenial(reason));
addEventListener("unload", reportExit);
EventTarget.prototype.addEventListener = function addEventListener(type, ...rest) {
  if (typeof type !== "string" || type === "unload") hasListeners = true;
  return apply(listen, this, [type, ...rest]);
};
write(encode(READY));
if (stdin.readSync(new Uint8Array(1)) === null) exit();

/**
 * Runs in a Deno program's process before the program is loaded: says that it is ready, waits for the word of the
 * service, and tells it on stderr, to be taken out there, what only this process knows:
 *
 * - `NUL BEL NUL`: the program may begin; it does when a byte has come on stdin;
 * - `NUL BEL EOT` code `NUL`, on stdout too: the program has ended with this exit code, and everything is printed. Where
 *   something of the program's may yet print, the end of the process tells this;
 * - `NUL BEL SOH NUL`: it ends itself with an exit code of more than 128, which looks as if a signal had ended it where
 *   other processes stand between it and the service;
 * - `NUL BEL [` … `] NUL`: what Deno refuses the program, once each (refusal_reader.ts): its message, and its stack.
 *   Deno makes a `NotCapable` for each denial, whether or not the program catches it, and making one runs the
 *   constructor of what it extends. Modules are refused with an error of another class, and a variable that is not
 *   granted is undefined without any.
 *
 * A program that undoes this, or says it itself, only falsifies what is told of itself.
 */
const { env, errors, exit, stderr, stdin, stdout } = Deno;
const internals = Deno[Deno.internal];
const getVariable = env.get;
const { apply } = Reflect;
const { addEventListener: listen } = EventTarget.prototype;
const [write, print] = [stderr, stdout].map((stream) => stream.writeSync.bind(stream));
const encode = TextEncoder.prototype.encode.bind(new TextEncoder());
const stringify = JSON.stringify;
const told = new Set();
let hasListeners = false;

/** Tells the service of a denial, by its error. */
export function tell(error) {
  try {
    const message = `${error.message}`.slice(0, 500);
    if (told.size >= 1000 || told.has(message)) return;
    told.add(message);
    write(encode(`\0\x07${stringify([message, `${error.stack}`.slice(0, 3000)])}\0`));
  } catch {
    // It is no error, the program closed its stderr, or it broke what this is made of.
  }
}

/** Tells what was told before once more. */
export function forget() {
  told.clear();
}

/** Whether listeners of the program's are yet to be called. Asking Node's process loads it, where it is not. */
function mayPrintMore() {
  if (hasListeners || globalThis.onunload !== null) return true;
  return internals?.dispatchProcessExitEvent !== undefined && globalThis.process.listenerCount("exit") > 0;
}

function reportExit() {
  try {
    const code = Deno.exitCode & 255;
    if (code > 128) write(encode("\0\x07\x01\0")); // The end of the process may be known before both streams are read.
    if (mayPrintMore()) return;
    const end = encode(`\0\x07\x04${code}\0`);
    print(end);
    write(end);
  } catch {
    // It closed a stream, or broke what this is made of: the end of the process tells.
  }
}

Object.setPrototypeOf(
  errors.NotCapable,
  class extends Error {
    constructor(...args) {
      super(...args);
      tell(this);
    }
  },
);
env.get = function get(name) {
  const value = getVariable(name);
  if (value === undefined) tell(new Error(`Requires env access to "${name}"`));
  return value;
};
addEventListener("unhandledrejection", ({ reason }) => tell(reason));
addEventListener("unload", reportExit);
EventTarget.prototype.addEventListener = function addEventListener(type, ...rest) {
  if (typeof type !== "string" || type === "unload") hasListeners = true;
  return apply(listen, this, [type, ...rest]);
};
write(encode("\0\x07\0"));
if (stdin.readSync(new Uint8Array(1)) === null) exit();

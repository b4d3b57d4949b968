/** Starts PHP's command line interpreter as php-wasm builds it. The process has no modules of Node. */

/** The major number of the device that is the process's own stdin. */
const OWN_DEVICE = 70;
/** Variables that Emscripten would make up. */
const NO_VARIABLES = Object.fromEntries(
  ["USER", "LOGNAME", "PATH", "PWD", "HOME", "LANG", "_"].map((name) => [name, undefined]),
);

/**
 * Starts an interpreter, which then runs one program.
 *
 * @param connect the class by which programs connect
 * @param script the text of the script around the interpreter
 * @param streams reads bytes of stdin into an array, and writes bytes to the others
 */
export async function boot({ connect, module, script, streams: { read, stderr, stdout } }) {
  const { promise, reject, resolve } = Promise.withResolvers();
  const php = (0, eval)(script)(connect)("WORKER", {
    ENV: { ...NO_VARIABLES },
    noInitialRun: true,
    onAbort: reject,
    onHeaders() {},
    onStderr: (bytes) => stderr(bytesOf(bytes, 0, bytes.length)),
    onStdout: (bytes) => stdout(bytesOf(bytes, 0, bytes.length)),
    onRuntimeInitialized: resolve,
    instantiateWasm: (imports, use) => use(new WebAssembly.Instance(module, imports), module),
  });
  await promise;
  connectStdin(php, read);
  return php;
}

/** Runs a program with words of a command line and variables; returns its exit code. */
export async function run(php, { variables, words }) {
  for (const variable of Object.entries(variables)) {
    php.ccall("wasm_add_ENV_entry", null, ["string", "string"], variable);
  }
  for (const word of words) php.ccall("wasm_add_cli_arg", null, ["string"], [word]);
  try {
    return await php.ccall("run_cli", "number", [], [], { async: true });
  } catch (error) {
    if (typeof error?.status === "number") return error.status;
    throw error;
  }
}

/** Makes the interpreter's stdin that of the process. Emscripten's own has lines of text. */
function connectStdin({ FS }, read) {
  const device = FS.makedev(OWN_DEVICE, 0);
  FS.registerDevice(device, {
    open: (opened) => opened.seekable = false,
    read: (_opened, buffer, offset, length) => read(bytesOf(buffer, offset, length)) ?? 0,
  });
  FS.unlink("/dev/stdin");
  FS.mkdev("/dev/stdin", 0o444, device);
  FS.close(FS.getStreamChecked(0));
  FS.open("/dev/stdin", 0);
}

/** The part of an interpreter's memory as bytes without a sign. */
function bytesOf({ buffer, byteOffset }, offset, length) {
  return new Uint8Array(buffer, byteOffset + offset, length);
}

/** Starts CPython as Pyodide builds it. The process is Deno's and has no modules of Node, so that it starts sooner. */

/** The paths of CPython's standard library. */
const [LIBRARY, PACKAGES, SHARED] = [
  "/lib/python314.zip",
  "/lib/python3.14/site-packages",
  "/lib/python3.14/lib-dynload",
];
const VERSION = [3, 14, 2];
/** The path of the interpreter that the program sees; there is no such file. */
const EXECUTABLE = "/usr/bin/python3";
/** No package is found by Pyodide's own means. */
const NO_PACKAGES = {
  info: { python: VERSION.join("."), abi_version: "2026_0", platform: "emscripten" },
  packages: {},
};

/**
 * Starts an interpreter whose standard library is one of the parts.
 *
 * @param snapshot the memory to begin with; absent, it starts from nothing
 * @param makesSnapshot whether one is made of it
 */
export async function boot({ connect, library, makesSnapshot = false, parts, snapshot }) {
  const shell = pretendShell();
  const { loadPyodide } = await import(`file://${parts}/pyodide.mjs`);
  globalThis.WebSocket = connect;
  const create = (0, eval)(Deno.readTextFileSync(`${parts}/pyodide.asm.js`));
  return await loadPyodide({
    indexURL: parts,
    stdLibURL: "", // What reads it is replaced below.
    packageBaseUrl: "/",
    lockFileContents: NO_PACKAGES,
    jsglobals: {},
    env: { HOME: "/workspace", PYTHONINSPECT: "" },
    _sysExecutable: EXECUTABLE,
    ...(makesSnapshot ? { _makeSnapshot: true } : {}),
    ...(snapshot === undefined ? {} : { _loadSnapshot: new Uint8Array(0) }),
    async createPyodideModule(settings) {
      settings.preRun[0] = (module) => placeLibrary(module, `${parts}/${library}`);
      if (snapshot !== undefined) settings.INITIAL_MEMORY = snapshot.bytes;
      const module = await create(settings);
      shell.release();
      if (snapshot !== undefined) module.API.restoreSnapshot = () => snapshot.restore(module.HEAPU8);
      return module;
    },
  });
}

/**
 * Makes Pyodide take Deno for a shell of V8's. By the deleted global it would take it for Node. Returns a function that
 * frees the bytes that were read: V8 has its own copy of a module, and frees this one only after the process waits.
 */
function pretendShell() {
  const buffers = [];
  delete globalThis.process;
  globalThis.load = () => {};
  globalThis.read = (path) => path === "" ? "" : Deno.readTextFileSync(path);
  globalThis.readbuffer = (path) => {
    const buffer = path === "" ? new ArrayBuffer(0) : Deno.readFileSync(path).buffer;
    buffers.push(buffer);
    return buffer;
  };
  return {
    release() {
      for (const buffer of buffers.splice(0)) buffer.transfer(0);
    },
  };
}

/** Places the standard library. No more of it is read than the modules that a program imports. */
function placeLibrary({ API, FS }, path) {
  API.pyVersionTuple = VERSION;
  API.sitePackages = PACKAGES;
  for (const directory of [PACKAGES, SHARED]) FS.mkdirTree(directory);
  const file = Deno.openSync(path);
  const { size } = file.statSync();
  FS.writeFile(LIBRARY, new Uint8Array(0), { mode: 0o444 });
  const { node } = FS.lookupPath(LIBRARY);
  const { node_ops: nodes, stream_ops: streams } = node;
  node.node_ops = { ...nodes, getattr: (own) => ({ ...nodes.getattr(own), size }) };
  node.stream_ops = {
    ...streams,
    read(_stream, { buffer, byteOffset }, offset, length, position) {
      file.seekSync(Math.min(position, size), Deno.SeekMode.Start);
      return file.readSync(new Uint8Array(buffer, byteOffset + offset, length)) ?? 0;
    },
    llseek: ({ position }, offset, whence) => offset + [0, position, size][whence],
  };
}

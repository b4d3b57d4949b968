/** Runs one program in a V8 isolate of its own. A program gets only functions that take and return primitive values. */
const { randomBytes, randomUUID } = require("node:crypto");
const { KINDS, writeFrame } = require("./frames.cjs");
const { runContext } = require("./context.cjs");
const { describe, isMemoryError } = require("./errors.cjs");
const { Imports } = require("./imports.cjs");
const { ProgramModules } = require("./modules.cjs");
const { makeOriginals } = require("./positions.cjs");
const { isBroken } = require("./typescript.cjs");

const SELF = "codebeaker:prelude";
const MAX_RANDOM_BYTES = 65_536;

/** A program that calls what programs often call, and its path. */
const TYPICAL_NAME = "main.js";
const TYPICAL = `
  console.log("a");
  console.log("a", 1, { a: [1, "b", new Map([[1, 2]])] }, [1, 2, 3], new Error("c"));
  console.error("d");
  class A extends URLSearchParams {}
  new URL("a:b?c=d").searchParams.get("c");
  setTimeout(() => queueMicrotask(() => performance.now()), 1);
  new TextDecoder().decode(new TextEncoder().encode("e"));
  new AbortController().signal.addEventListener("abort", () => {});
  structuredClone([crypto.randomUUID()]);
  await new ReadableStream({ start: (controller) => controller.close() }).getReader().read();
`;
/** The address on which a wait for a timer sleeps. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Makes isolates with the globals of a program. */
exports.Isolates = class Isolates {
  #ivm;
  #memoryMb;
  #prelude;
  #streams;

  /** @param options.prelude the text of a function that begins a program @param options.streams the text of a script */
  constructor({ ivm, memoryMb, prelude, streams }) {
    this.#ivm = ivm;
    this.#memoryMb = memoryMb;
    this.#prelude = { code: prelude, filename: SELF, cachedData: undefined };
    this.#streams = { code: streams, filename: "codebeaker:streams", cachedData: undefined };
    this.#fillCaches();
  }

  /** An isolate that no program has run in. */
  make() {
    const isolate = new this.#ivm.Isolate({ memoryLimit: this.#memoryMb });
    const context = isolate.createContextSync();
    const made = { isolate, context, startedAt: performance.now(), asked: [] };
    const callback = (own) => new this.#ivm.Callback(own);
    const begin = isolate.compileScriptSync(this.#prelude.code, this.#prelude).runSync(context, { reference: true });
    const own = begin.applySync(undefined, [
      callback((isError, text) => writeFrame(isError === true ? KINDS.stderr : KINDS.stdout, String(text))),
      callback(() => performance.now() - made.startedAt),
      callback(parseUrl),
      callback(changeUrl),
      callback((length) => randomBytes(Math.min(Number(length), MAX_RANDOM_BYTES)).toString("hex")),
      callback(() => randomUUID()),
      callback((id, path, specifier) => {
        made.asked.push({ id, path, specifier });
      }),
      callback(() => {
        isolate.compileScriptSync(this.#streams.code, this.#streams).runSync(context);
      }),
      this.#ivm,
    ], { result: { reference: true } });
    const call = (name, args, options) => own.getSync(name, { reference: true }).applySync(undefined, args, options);
    const step = own.getSync("step", { reference: true });
    return Object.assign(made, {
      step: () => step.applySync(),
      nameOriginals: (originalOf) => call("nameOriginals", [callback(originalOf)]),
      giveImport: (helper, path) => {
        const load = call("importFrom", [path], { result: { reference: true } });
        helper.namespace.getSync("give", { reference: true }).applySync(undefined, [load.derefInto()]);
      },
      resolveImport: (id, namespace) => call("resolveImport", [id, namespace]),
      giveOrder: (text) => call("giveOrder", [text]),
      offerInterpreter: (path, functions) => call("offerInterpreter", [path, ...functions.map(callback)]),
      runPending: (options) => call("runPending", [], options),
      rejectImport: (id, failure) => call("rejectImport", [id, new this.#ivm.ExternalCopy(failure).copyInto()]),
    });
  }

  /**
   * Compiles the scripts that begin every program, so that each isolate has them at once. V8 compiles a script once in
   * an isolate, and most functions at their first call: the caches have the functions that {@link TYPICAL} calls.
   */
  #fillCaches() {
    const made = this.make();
    const { exitCode } = exports.runProgram(made, { entry: TYPICAL_NAME, files: { [TYPICAL_NAME]: TYPICAL } });
    if (exitCode !== 0) throw new Error("the program that fills the code caches fails");
    for (const script of [this.#prelude, this.#streams]) {
      const { code, filename } = script;
      script.cachedData = made.isolate.compileScriptSync(code, { filename, produceCachedData: true }).cachedData;
    }
    made.isolate.dispose();
  }
};

/** Runs a program, or the interpreter of a context, to its end. Returns that end. */
exports.runProgram = function runProgram(made, { isContext, ...program }) {
  const { isolate } = made;
  const before = process.cpuUsage();
  made.startedAt = performance.now(); // It may have waited for its program.
  const ended = isContext === true ? runContext(made, program) : run(made, program);
  const { system, user } = process.cpuUsage(before);
  return { ...ended, cpuMs: (system + user) / 1_000, memoryBytes: memoryOf(isolate), isLast: isBroken() };
};

function run(made, { entry, files }) {
  const { isolate } = made;
  const originals = makeOriginals(made);
  const { originalOf } = originals;
  const modules = new ProgramModules({ ...made, ...originals, files });
  const imports = new Imports(modules, { ...made, originalOf });
  try {
    const { first, hasRun } = modules.linkEntry(entry);
    imports.run(() => first.evaluateSync());
    for (;;) {
      if (imports.begin()) continue;
      const waitMs = imports.run(made.step) ?? 0;
      if (waitMs < 0 && made.asked.length === 0) break;
      if (waitMs > 0) Atomics.wait(NEVER, 0, 0, waitMs);
    }
    if (hasRun()) return { kind: "exited", exitCode: 0 };
    writeFrame(KINDS.stderr, "error: A top-level await is never over, and no timer is left\n");
    return { kind: "exited", exitCode: 1 };
  } catch (error) {
    if (isolate.isDisposed || isMemoryError(error)) return { kind: "memory_limit" };
    writeFrame(KINDS.stderr, `error: Uncaught ${describe(error, originalOf)}\n`);
    return { kind: "exited", exitCode: 1 };
  }
}

function memoryOf(isolate) {
  if (isolate.isDisposed) return null;
  const { externally_allocated_size: outside, total_heap_size: heap } = isolate.getHeapStatisticsSync();
  return heap + outside;
}

/** The parts of a URL as JSON; empty where it is none. */
function parseUrl(text, base) {
  const url = URL.parse(String(text), base === undefined ? undefined : String(base));
  return url === null ? "" : partsOf(url);
}

const CHANGED = ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];

function changeUrl(href, part, value) {
  const url = new URL(String(href));
  if (CHANGED.includes(part)) url[part] = String(value);
  return partsOf(url);
}

function partsOf({ hash, host, hostname, href, origin, password, pathname, port, protocol, search, username }) {
  return JSON.stringify([href, origin, protocol, username, password, host, hostname, port, pathname, search, hash]);
}

/** Runs one program in a V8 isolate of its own. A program gets only functions that take and return primitive values. */
const { randomBytes, randomUUID } = require("node:crypto");
const { KINDS, writeFrame } = require("./frames.cjs");
const { runContext } = require("./context.cjs");
const { describe, isMemoryError } = require("./errors.cjs");
const { Imports } = require("./imports.cjs");
const { ProgramModules } = require("./modules.cjs");
const { makeOriginals } = require("./positions.cjs");
const { isBroken } = require("./typescript.cjs");

const MAX_RANDOM_BYTES = 65_536;

/** Longest time in which the causes of an error are shown, in ms. */
const CAUSES_MS = 500;

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
  /** The scripts by their names: options of their compilation, and their texts. */
  #scripts;

  /**
   * @param options.prelude texts of scripts by their names: `prelude` begins a program, and each other one makes a part
   *   that programs use by name
   */
  constructor({ ivm, memoryMb, prelude }) {
    this.#ivm = ivm;
    this.#memoryMb = memoryMb;
    this.#scripts = new Map(
      Object.entries(prelude).map(([name, code]) => [name, {
        code,
        options: { filename: `codebeaker:${name}`, cachedData: undefined },
      }]),
    );
    this.#fillCaches();
  }

  /** An isolate that no program has run in. */
  make() {
    const isolate = new this.#ivm.Isolate({ memoryLimit: this.#memoryMb });
    const context = isolate.createContextSync();
    const made = { isolate, context, startedAt: performance.now(), asked: [] };
    const callback = (own) => new this.#ivm.Callback(own);
    const valueOf = (name) => {
      const { code, options } = this.#scripts.get(name);
      return isolate.compileScriptSync(code, options).runSync(context, { reference: true });
    };
    const functions = new Map(Object.entries({
      ...PURE,
      importModule: (id, path, specifier) => {
        made.asked.push({ id, path, specifier });
      },
      load: (name) => {
        try {
          if (name === "ivm") call("main", "giveLibrary", this.#ivm);
          else call("main", "givePart", name, valueOf(name).derefInto());
        } catch (error) {
          if (error instanceof Error) error.stack = String(error); // It has frames of the process.
          throw error;
        }
      },
    }));
    const act = valueOf("prelude").applySync(undefined, [
      callback((isError, text) => writeFrame(isError === true ? KINDS.stderr : KINDS.stdout, String(text))),
      callback(() => performance.now() - made.startedAt),
      callback((name, ...args) => functions.get(name)(...args)),
    ], { result: { reference: true } });
    const call = (...args) => act.applySync(undefined, args);
    let keepsCauses = false;
    /** Shows an error, if its causes are kept. */
    const show = (name, key) => {
      if (!keepsCauses) return undefined;
      try {
        return act.applySync(undefined, ["causes", name, key], { timeout: CAUSES_MS });
      } catch {
        return undefined; // A getter or a Proxy of the program fails, or does not end.
      }
    };
    return Object.assign(made, {
      step: () => call("main", "step"),
      nameOriginals: (originalOf) => call("stack_traces", "nameOriginals", callback(originalOf)),
      /** Has the causes of errors shown, which takes the program some time for each error. */
      keepCauses: () => {
        if (!keepsCauses) call("causes", "keepCauses");
        keepsCauses = true;
      },
      inspectKept: (key) => show("inspectKept", key),
      showKept: (key) => show("showKept", key),
      giveImport: (helper, path) => {
        const load = act.applySync(undefined, ["imports", "importFrom", path], { result: { reference: true } });
        helper.namespace.getSync("give", { reference: true }).applySync(undefined, [load.derefInto()]);
      },
      resolveImport: (id, namespace) => call("imports", "resolveImport", id, namespace),
      giveOrder: (text) => call("interpreter", "giveOrder", text),
      offerInterpreter: (path, own) => call("interpreter", "offerInterpreter", path, ...own.map(callback)),
      runPending: (options) => act.applySync(undefined, ["interpreter", "runPending"], options),
      rejectImport: (id, failure) =>
        call("imports", "rejectImport", id, new this.#ivm.ExternalCopy(failure).copyInto()),
    });
  }

  /**
   * Compiles the scripts, so that each isolate has them at once. V8 compiles a script once in an isolate, and most
   * functions at their first call: the caches have the functions that {@link TYPICAL} calls.
   */
  #fillCaches() {
    const made = this.make();
    const { exitCode } = exports.runProgram(made, { entry: TYPICAL_NAME, files: { [TYPICAL_NAME]: TYPICAL } });
    if (exitCode !== 0) throw new Error("the program that fills the code caches fails");
    for (const { code, options } of this.#scripts.values()) {
      const compiled = made.isolate.compileScriptSync(code, { ...options, produceCachedData: true });
      options.cachedData = compiled.cachedData;
    }
    made.isolate.dispose();
  }
};

/** Runs a program, or the interpreter of a context, to its end. Returns that end. */
exports.runProgram = function runProgram(made, { isContext, ...program }) {
  const { isolate } = made;
  const before = process.cpuUsage();
  Error.stackTraceLimit = 0; // A program sees the stack of an error that the process throws in a call of it.
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
    writeFrame(KINDS.stderr, `error: Uncaught ${describe(error, { originalOf, showKept: made.showKept })}\n`);
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

/** The parts of a changed URL as JSON; empty where it is none. */
function changeUrl(href, part, value) {
  const url = URL.parse(String(href));
  if (url === null || (part === "href" && !URL.canParse(String(value)))) return "";
  if (CHANGED.includes(part)) url[part] = String(value);
  return partsOf(url);
}

function partsOf({ hash, host, hostname, href, origin, password, pathname, port, protocol, search, username }) {
  return JSON.stringify([href, origin, protocol, username, password, host, hostname, port, pathname, search, hash]);
}

/** Functions for programs that change nothing. */
const PURE = {
  parseUrl,
  changeUrl,
  random: (length) => randomBytes(Math.min(Number(length), MAX_RANDOM_BYTES)).toString("hex"),
  uuid: () => randomUUID(),
};

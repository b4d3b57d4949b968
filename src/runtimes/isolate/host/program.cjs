/** Runs one program in a V8 isolate of its own. A program gets functions that take and return primitive values, and no more. */
const { randomBytes, randomUUID } = require("node:crypto");
const { KINDS, writeFrame } = require("./frames.cjs");
const { linkProgram } = require("./modules.cjs");
const { isBroken } = require("./typescript.cjs");

const SELF = "codebeaker:prelude";
const MAX_RANDOM_BYTES = 65_536;
/** What waits for a timer sleeps on it. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Messages of V8 about memory beside the heap that was refused; where the heap is full, the isolate is gone. */
const MEMORY_MESSAGES =
  /^(?:Array buffer allocation failed|WebAssembly\.Memory\S* (?:could not allocate|Unable to grow).*)$/;
/** What isolated-vm says in place of an object that is no error. */
const NO_ERROR = /^An object was thrown from supplied code within isolated-vm\b/;
/** Where the frames of the program end in a stack. */
const BOUNDARY = "(<isolated-vm boundary>)";
/** The place of an error of syntax, behind its message. */
const SYNTAX_PLACE = /^(.*) \[(file:[^\]]*):(\d+):(\d+)\]/;
/** The module that imports the program, and says whether all of it has run. */
const BOOT = 'import "entry"; export const hasRun = true;';

/** Makes isolates with the globals of a program. */
exports.Isolates = class Isolates {
  #ivm;
  #memoryMb;
  #prelude;
  #streams;

  /** @param options.prelude the text of a function that begins a program @param options.streams that of a script */
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
    const made = { isolate, context, startedAt: performance.now() };
    const callback = (own) => new this.#ivm.Callback(own);
    const begin = isolate.compileScriptSync(this.#prelude.code, this.#prelude).runSync(context, { reference: true });
    const own = begin.applySync(undefined, [
      callback((isError, text) => writeFrame(isError === true ? KINDS.stderr : KINDS.stdout, String(text))),
      callback(() => performance.now() - made.startedAt),
      callback(parseUrl),
      callback(changeUrl),
      callback((length) => randomBytes(Math.min(Number(length), MAX_RANDOM_BYTES)).toString("hex")),
      callback(() => randomUUID()),
      callback(() => {
        isolate.compileScriptSync(this.#streams.code, this.#streams).runSync(context);
      }),
      this.#ivm,
    ], { result: { reference: true } });
    made.step = own.getSync("step", { reference: true });
    made.nameOriginals = (originalOf) =>
      own.getSync("nameOriginals", { reference: true }).applySync(undefined, [callback(originalOf)]);
    return made;
  }

  /** Compiles what every program begins with, so that each isolate has it at once. */
  #fillCaches() {
    for (const script of [this.#prelude, this.#streams]) {
      const isolate = new this.#ivm.Isolate({ memoryLimit: this.#memoryMb });
      const { cachedData } = isolate.compileScriptSync(script.code, {
        filename: script.filename,
        produceCachedData: true,
      });
      script.cachedData = cachedData;
      isolate.dispose();
    }
  }
};

/** Runs a program to its end; returns what it came to. */
exports.runProgram = function runProgram(made, { entry, files }) {
  const { isolate } = made;
  const before = process.cpuUsage();
  made.startedAt = performance.now(); // It may have waited for its program.
  const ended = run(made, { entry, files });
  const { system, user } = process.cpuUsage(before);
  return { ...ended, cpuMs: (system + user) / 1_000, memoryBytes: memoryOf(isolate), isLast: isBroken() };
};

function run({ context, isolate, nameOriginals, step }, { entry, files }) {
  const compiled = new Map();
  const originalOf = (url, line, column) => placeOf(compiled.get(url), { line: Number(line), column: Number(column) });
  try {
    const boot = isolate.compileModuleSync(BOOT, { filename: "codebeaker:boot" });
    linkProgram(boot, { compiled, context, isolate, entry, files });
    if (compiled.size > 0) nameOriginals(originalOf);
    boot.evaluateSync();
    for (let waitMs = step.applySync(); waitMs >= 0; waitMs = step.applySync()) {
      if (waitMs > 0) Atomics.wait(NEVER, 0, 0, waitMs);
    }
    if (hasRun(boot)) return { kind: "exited", exitCode: 0 };
    writeFrame(KINDS.stderr, "error: A top-level await is never over, and no timer is left\n");
    return { kind: "exited", exitCode: 1 };
  } catch (error) {
    if (isolate.isDisposed || MEMORY_MESSAGES.test(messageOf(error))) return { kind: "memory_limit" };
    writeFrame(KINDS.stderr, `error: Uncaught ${describe(error, originalOf)}\n`);
    return { kind: "exited", exitCode: 1 };
  }
}

function hasRun(boot) {
  try {
    return boot.namespace.getSync("hasRun") === true;
  } catch {
    return false; // It is not declared yet.
  }
}

function memoryOf(isolate) {
  if (isolate.isDisposed) return null;
  const { externally_allocated_size: outside, total_heap_size: heap } = isolate.getHeapStatisticsSync();
  return heap + outside;
}

function messageOf(error) {
  return error instanceof RangeError ? String(error.message) : "";
}

/** The position that a part of a file had before it was compiled. */
function placeOf(positions, { column, line }) {
  const original = positions?.originalOf(line, column) ?? { line, column };
  return `${original.line}:${original.column}`;
}

/** An error of a program, with the frames of its own. */
function describe(error, originalOf) {
  if (!(error instanceof Error)) return String(error);
  if (NO_ERROR.test(error.message)) return "an object that is no Error";
  const [text] = String(error.stack ?? error).split(`\n    at ${BOUNDARY}`);
  const lines = text.split("\n").filter((line) => !/^\s+at .*(?:codebeaker:|node:|\.cjs:)/.test(line));
  return lines.join("\n").replace(
    SYNTAX_PLACE,
    (_, message, url, line, column) => `${message}\n    at ${url}:${originalOf(url, line, column)}`,
  );
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

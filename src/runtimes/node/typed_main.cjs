/**
 * Lets the main file of a program for Node be TypeScript. Its name is that of a file in JavaScript. This text runs first
 * in the process of a program that names Node as its language. Like Node's `--eval`, it takes the file for
 * JavaScript where that is possible: only a file that is neither a script nor a module has its types stripped.
 */
const { realpathSync } = require("node:fs");
const { registerHooks, stripTypeScriptTypes } = require("node:module");
const { pathToFileURL } = require("node:url");
const { isMainThread } = require("node:worker_threads");
const vm = require("node:vm");

const { compileFunction, SourceTextModule } = vm;
const { argv: [, path] } = process;
/** The names that Node gives to a script. */
const NAMES = ["exports", "require", "module", "__filename", "__dirname"];
/** Node's error for TypeScript that is more than types, as an enum. */
const NOT_ERASABLE = "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX";

// A flag adds these, so that the file can be parsed as a module. A program finds what it would find without the flag.
for (const name of ["Module", "SourceTextModule", "SyntheticModule"]) delete vm[name];

function parses(parse) {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/** Calls a function without warnings about experimental parts of Node. They do not concern the program. */
function quietly(call) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return call();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The source without its types, where it has some. */
function toJavaScript(source) {
  const text = source.replace(/^#!.*/, "");
  if (parses(() => compileFunction(text, NAMES))) return source;
  let stripped;
  try {
    stripped = quietly(() => stripTypeScriptTypes(source));
  } catch (error) {
    if (error.code === NOT_ERASABLE) throw error;
    return source; // It is neither: Node says what is wrong.
  }
  // Some JavaScript has another meaning as TypeScript: f(a < b, c > (d)).
  const isModule = stripped !== source && quietly(() => parses(() => new SourceTextModule(text)));
  return isModule ? source : stripped;
}

/** Whether a URL is that of the file that runs. Modules of the service are loaded before. */
function isMain(url) {
  try {
    return url === pathToFileURL(realpathSync(path)).href;
  } catch {
    return false;
  }
}

// A Node that is too old has no hooks, and is asked for its version.
if (registerHooks !== undefined && isMainThread && process.env.CODEBEAKER_STDIN === undefined) { // A context's main file is the service's own.
  let isLoaded = false;
  const hooks = registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!isMain(url)) {
        if (isLoaded) hooks.deregister();
        return loaded;
      }
      isLoaded = true; // A module is loaded twice: at first as a script.
      const isCode = url.endsWith(".js") && loaded.source !== undefined && loaded.source !== null;
      return isCode ? { ...loaded, source: toJavaScript(Buffer.from(loaded.source).toString()) } : loaded;
    },
  });
}

/** The modules of a program: files of its workspace alone. */
const { posix: { dirname, normalize, resolve } } = require("node:path");
const { callImports, HELPER, HELPER_TEXT } = require("./import_calls.cjs");
const { toJavaScript } = require("./typescript.cjs");

const ROOT = "/workspace";
const IS_TYPESCRIPT = /\.(?:[mc]?ts|tsx)$/i;

/** What of a specifier names no file. */
const QUERY = /[?#].*$/s;

/** Imports a module, and says whether all of it has run. */
const BOOT = 'import * as namespace from "module"; export { namespace }; export const hasRun = true;';

/** Compiles and links modules, each once. */
exports.ProgramModules = class ProgramModules {
  /** Positions in each file that was compiled, by its URL. */
  compiled = new Map();
  #context;
  #files;
  #isolate;
  #giveImport;
  #onCompiled;
  /** By its path in the workspace with its query: with another, a file is another module. */
  #modules = new Map();
  #paths = new Map();

  /**
   * @param options.giveImport gives a module with the text of {@link HELPER_TEXT} what `import()` in a file calls
   * @param options.onCompiled is called before the first file that was compiled is run
   */
  constructor({ context, files, giveImport, isolate, onCompiled }) {
    this.#context = context;
    this.#files = files;
    this.#isolate = isolate;
    this.#giveImport = giveImport;
    this.#onCompiled = onCompiled;
  }

  /**
   * Links what a file imports.
   *
   * @param from the path of the file; absent, the specifier is a path itself
   * @returns the module, and one that imports it: it is to be evaluated
   * @throws {Error} as the language does where a file is missing or wrong
   */
  link(specifier, from) {
    const module = from === undefined ? this.#load(specifier, specifier) : this.#find(specifier, from);
    return { module, boot: this.bootOf(module) };
  }

  /** A module that imports one: evaluating it evaluates that unless it has been, and throws what that has thrown. */
  bootOf(module) {
    const boot = this.#isolate.compileModuleSync(BOOT, { filename: "codebeaker:boot" });
    boot.instantiateSync(this.#context, (name, referrer) => {
      if (referrer === boot) return module;
      return name === HELPER ? this.#helperOf(referrer) : this.#find(name, this.#paths.get(referrer));
    });
    return boot;
  }

  #find(specifier, from) {
    return this.#load(urlOf(specifier, from), specifier);
  }

  #load(url, specifier) {
    const known = this.#modules.get(url);
    if (known !== undefined) return known;
    const path = Object.hasOwn(this.#files, url) ? url : url.replace(QUERY, "");
    if (!Object.hasOwn(this.#files, path)) throw new Error(whyMissing(specifier));
    const filename = `file://${ROOT}/${url}`;
    const { code, positions } = sourceOf(path, { text: this.#files[path], url: filename });
    if (positions !== undefined) {
      if (this.compiled.size === 0) this.#onCompiled();
      this.compiled.set(filename, positions);
    }
    const module = this.#isolate.compileModuleSync(callImports(code), { filename });
    this.#modules.set(url, module);
    this.#paths.set(module, path);
    return module;
  }

  #helperOf(referrer) {
    const helper = this.#isolate.compileModuleSync(HELPER_TEXT, { filename: HELPER });
    helper.instantiateSync(this.#context, () => {});
    helper.evaluateSync();
    this.#giveImport(helper, this.#paths.get(referrer));
    return helper;
  }
};

/** The text of a module: without types, and JSON as what it exports. */
function sourceOf(path, { text, url }) {
  if (path.endsWith(".json")) return { code: `export default JSON.parse(${JSON.stringify(text)});` };
  return IS_TYPESCRIPT.test(path) ? toJavaScript(text, url) : { code: text };
}

/** The path in the workspace that a specifier names, with its query. */
function urlOf(specifier, from) {
  const path = specifier.replace(/^file:\/\//, "").replace(QUERY, "");
  if (!/^\.{0,2}\//.test(path)) throw new Error(whyMissing(specifier));
  const absolute = normalize(resolve(ROOT, dirname(from), path));
  const own = absolute.startsWith(`${ROOT}/`) ? absolute.slice(ROOT.length + 1) : absolute;
  return `${own}${QUERY.exec(specifier) ?? ""}`;
}

function whyMissing(specifier) {
  const why = "only files of the workspace that the program names are imported here";
  return `Cannot find module ${JSON.stringify(specifier)}: ${why}`;
}

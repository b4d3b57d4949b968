/** The modules of a program: files of its workspace alone. */
const { posix: { dirname, normalize, resolve } } = require("node:path");
const { callImports, HELPER, HELPER_TEXT } = require("./import_calls.cjs");
const { toJavaScript } = require("./typescript.cjs");

const WORKSPACE = "/workspace";
const IS_TYPESCRIPT = /\.(?:[mc]?ts|tsx)$/i;

/** The part of a specifier that names no file. */
const QUERY = /[?#].*$/s;

/** A module that imports another, and shows whether all of that has run. */
const BOOT = 'import * as namespace from "module"; export { namespace }; export const hasRun = true;';

/** Compiles and links modules, each once. */
exports.ProgramModules = class ProgramModules {
  #addCompiled;
  #context;
  #files;
  #isolate;
  #giveImport;
  #root;
  /** The modules by path in the workspace, with the query. With another query, a file is another module. */
  #modules = new Map();
  #paths = new Map();

  /**
   * @param options.giveImport gives a module with the text of {@link HELPER_TEXT} the function that `import()` in a
   *   file calls
   * @param options.addCompiled gets the URL of each file that was compiled, and the positions in it
   * @param options.root the apparent directory of the files
   */
  constructor({ addCompiled, context, files, giveImport, isolate, root = WORKSPACE }) {
    this.#addCompiled = addCompiled;
    this.#context = context;
    this.#files = files;
    this.#isolate = isolate;
    this.#giveImport = giveImport;
    this.#root = root;
  }

  /**
   * Links a module that a file imports.
   *
   * @param from the path of the file; absent, the specifier is a path itself
   * @returns the module, and one that imports it: it is to be evaluated
   * @throws {Error} as the language does where a file is missing or wrong
   */
  link(specifier, from) {
    const module = from === undefined ? this.#load(specifier, specifier) : this.#find(specifier, from);
    return { module, boot: this.bootOf(module) };
  }

  /**
   * Makes a module that imports another. Evaluating it evaluates that one, unless that has been done, and throws its
   * error.
   */
  bootOf(module) {
    const boot = this.#isolate.compileModuleSync(BOOT, { filename: "codebeaker:boot" });
    boot.instantiateSync(this.#context, (name, referrer) => {
      if (referrer === boot) return module;
      return name === HELPER ? this.#helperOf(referrer) : this.#find(name, this.#paths.get(referrer));
    });
    return boot;
  }

  #find(specifier, from) {
    return this.#load(this.#urlOf(specifier, from), specifier);
  }

  #load(url, specifier) {
    const known = this.#modules.get(url);
    if (known !== undefined) return known;
    const path = Object.hasOwn(this.#files, url) ? url : url.replace(QUERY, "");
    if (!Object.hasOwn(this.#files, path)) throw new Error(whyMissing(specifier));
    const filename = `file://${this.#root}/${url}`;
    const { code, positions } = sourceOf(path, { text: this.#files[path], url: filename });
    if (positions !== undefined) this.#addCompiled(filename, positions);
    const module = this.#isolate.compileModuleSync(callImports(code), { filename });
    this.#modules.set(url, module);
    this.#paths.set(module, path);
    return module;
  }

  /** The path below the root that a specifier names, with its query. */
  #urlOf(specifier, from) {
    const path = specifier.replace(/^file:\/\//, "").replace(QUERY, "");
    if (!/^\.{0,2}\//.test(path)) throw new Error(whyMissing(specifier));
    const absolute = normalize(resolve(this.#root, dirname(from), path));
    const own = absolute.startsWith(`${this.#root}/`) ? absolute.slice(this.#root.length + 1) : absolute;
    return `${own}${QUERY.exec(specifier) ?? ""}`;
  }

  #helperOf(referrer) {
    const helper = this.#isolate.compileModuleSync(HELPER_TEXT, { filename: HELPER });
    helper.instantiateSync(this.#context, () => {});
    helper.evaluateSync();
    this.#giveImport(helper, this.#paths.get(referrer));
    return helper;
  }
};

/** The text of a module. It has no types, and JSON becomes an export. */
function sourceOf(path, { text, url }) {
  if (path.endsWith(".json")) return { code: `export default JSON.parse(${JSON.stringify(text)});` };
  return IS_TYPESCRIPT.test(path) ? toJavaScript(text, url) : { code: text };
}

function whyMissing(specifier) {
  const why = "only files of the workspace that the program names are imported here";
  return `Cannot find module ${JSON.stringify(specifier)}: ${why}`;
}

/** The modules of a program: files of its workspace alone. */
const { posix: { dirname, normalize, resolve } } = require("node:path");
const { callImports, HELPER, HELPER_TEXT } = require("./import_calls.cjs");
const { importsIn } = require("./import_places.cjs");
const { mayHaveTypes, toJavaScript } = require("./typescript.cjs");

const WORKSPACE = "/workspace";
const IS_TYPESCRIPT = /\.(?:[mc]?ts|tsx)$/i;

/** The part of a specifier that names no file. */
const QUERY = /[?#].*$/s;

/** A module that imports another, and shows whether all of that has run. */
const BOOT = 'import * as namespace from "module"; export { namespace }; export const hasRun = true;';
/** V8's message about a module that lacks an export: the specifier and the name. */
const LACKS_EXPORT = /^The requested module '(.+)' does not provide an export named '(.+)'$/;
/** Matches every text of a module that waits for a promise. */
const MAY_WAIT = /\bawait\b/;
/** Matches what programs make errors with causes by. */
const MAY_HAVE_CAUSES = /\b(?:cause|AggregateError|Promise\s*\.\s*any)\b/;

/** Compiles and links modules, each once. */
exports.ProgramModules = class ProgramModules {
  #addCompiled;
  #context;
  #files;
  #isolate;
  #giveImport;
  #keepCauses;
  #root;
  /** The modules by path in the workspace, with the query. With another query, a file is another module. */
  #modules = new Map();
  #paths = new Map();
  /** The imports in a text by path, where one has failed. */
  #imports = new Map();
  #mayWait = false;

  /**
   * @param options.giveImport gives a module with the text of {@link HELPER_TEXT} the function that `import()` in a
   *   file calls
   * @param options.keepCauses has the causes of errors shown
   * @param options.addCompiled gets the URL of each file that was compiled, and the positions in it
   * @param options.root the apparent directory of the files
   */
  constructor({ addCompiled, context, files, giveImport, isolate, keepCauses, root = WORKSPACE }) {
    this.#addCompiled = addCompiled;
    this.#context = context;
    this.#files = files;
    this.#isolate = isolate;
    this.#giveImport = giveImport;
    this.#keepCauses = keepCauses;
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
   * Links the first file of a program.
   *
   * @returns the module to evaluate, and a function that says whether all of the file has run after that
   * @throws {Error} as {@link link} does
   */
  linkEntry(path) {
    const module = this.#load(path, path);
    this.#instantiate(module);
    if (!this.#mayWait) return { first: module, hasRun: () => true };
    const boot = this.bootOf(module);
    return { first: boot, hasRun: () => exports.hasRun(boot) };
  }

  /**
   * Makes a module that imports another. Evaluating it evaluates that one, unless that has been done, and throws its
   * error.
   */
  bootOf(module) {
    const boot = this.#isolate.compileModuleSync(BOOT, { filename: "codebeaker:boot" });
    this.#instantiate(boot, { imported: module });
    return boot;
  }

  /** Links a module with what it imports. @param options.imported that, where it is known */
  #instantiate(module, { imported } = {}) {
    try {
      module.instantiateSync(this.#context, (name, referrer) => {
        if (referrer === module && imported !== undefined) return imported;
        return name === HELPER ? this.#helperOf(referrer) : this.#find(name, this.#paths.get(referrer));
      });
    } catch (error) {
      const [, specifier, name] = LACKS_EXPORT.exec(error?.message) ?? [];
      throw name === undefined ? error : this.#withPlace(error, specifier, { name });
    }
  }

  /**
   * Gives an error of linking its place: V8 gives none. The place is that of the import, where only one can be meant.
   *
   * @param from the path of the file that imports; absent, it may be any
   * @param options.name the name of the export; absent, the file itself is missing
   */
  #withPlace(error, specifier, { from, name }) {
    const paths = from === undefined ? new Set(this.#paths.values()) : [from];
    const found = [...paths].flatMap((path) => this.#importsIn(path)).filter((one) =>
      one.specifier === specifier && one.name === name
    );
    const written = found.filter(({ isCall }) => !isCall);
    const [place, ...others] = written.length === 0 ? found : written;
    // Of imports that are not calls, the first is linked before the others. A specifier may name several files.
    const targetOf = (one) => this.#urlOf(specifier, one.path);
    const isOther = (one) => one.isCall || (name !== undefined && targetOf(one) !== targetOf(place));
    if (place === undefined || others.some(isOther)) return error;
    error.stack = `${error}\n    at file://${this.#root}/${place.path}:${place.line}:${place.column}`;
    return error;
  }

  /** Reads each text once: a program may import many files in vain. */
  #importsIn(path) {
    const text = this.#files[path] ?? "";
    const known = this.#imports.get(path);
    if (known?.text === text) return known.imports;
    const imports = importsIn(text, { hasTypes: IS_TYPESCRIPT.test(path) }).map((one) => ({ ...one, path }));
    this.#imports.set(path, { text, imports });
    return imports;
  }

  #find(specifier, from) {
    return this.#load(this.#urlOf(specifier, from), specifier, from);
  }

  #load(url, specifier, from) {
    const known = this.#modules.get(url);
    if (known !== undefined) return known;
    const path = Object.hasOwn(this.#files, url) ? url : url.replace(QUERY, "");
    if (!Object.hasOwn(this.#files, path)) throw this.#missing(specifier, from);
    const filename = `file://${this.#root}/${url}`;
    const module = this.#compile(path, { text: this.#files[path], filename });
    this.#modules.set(url, module);
    this.#paths.set(module, path);
    return module;
  }

  #compile(path, { filename, text }) {
    this.#mayWait ||= MAY_WAIT.test(text);
    if (MAY_HAVE_CAUSES.test(text)) this.#keepCauses();
    const compile = (code) => this.#isolate.compileModuleSync(callImports(code), { filename });
    if (path.endsWith(".json")) return compile(`export default JSON.parse(${JSON.stringify(text)});`);
    if (!IS_TYPESCRIPT.test(path)) return compile(text);
    if (!mayHaveTypes(text)) {
      try {
        return compile(text);
      } catch (error) {
        if (this.#isolate.isDisposed) throw error;
        // It has types after all, or a fault that the compiler describes.
      }
    }
    const { code, positions } = toJavaScript(text, filename);
    if (positions !== undefined) this.#addCompiled(filename, positions);
    return compile(code);
  }

  /** The path below the root that a specifier names, with its query. */
  #urlOf(specifier, from) {
    const path = specifier.replace(/^file:\/\//, "").replace(QUERY, "");
    if (!/^\.{0,2}\//.test(path)) throw this.#missing(specifier, from);
    const absolute = normalize(resolve(this.#root, dirname(from), path));
    const own = absolute.startsWith(`${this.#root}/`) ? absolute.slice(this.#root.length + 1) : absolute;
    return `${own}${QUERY.exec(specifier) ?? ""}`;
  }

  #missing(specifier, from) {
    return this.#withPlace(new Error(whyMissing(specifier)), specifier, { from: from ?? "" });
  }

  #helperOf(referrer) {
    const helper = this.#isolate.compileModuleSync(HELPER_TEXT, { filename: HELPER });
    helper.instantiateSync(this.#context, () => {});
    helper.evaluateSync();
    this.#giveImport(helper, this.#paths.get(referrer));
    return helper;
  }
};

/** Whether every import of a module has run. */
exports.hasRun = function hasRun(boot) {
  try {
    return boot.namespace.getSync("hasRun") === true;
  } catch {
    return false; // It is not declared yet.
  }
};

function whyMissing(specifier) {
  const why = "only files of the workspace that the program names are imported here";
  return `Cannot find module ${JSON.stringify(specifier)}: ${why}`;
}

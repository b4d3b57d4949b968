/** Links the modules of a program: files of its workspace alone. */
const { posix: { dirname, normalize, resolve } } = require("node:path");
const { toJavaScript } = require("./typescript.cjs");

const ROOT = "/workspace";
const IS_TYPESCRIPT = /\.(?:[mc]?ts|tsx)$/i;

/** What of a specifier names no file. */
const QUERY = /[?#].*$/s;

/**
 * Links the module that imports the program.
 *
 * @param options.compiled gets the positions of each file that was compiled, by its URL
 * @throws {Error} as the language does where a file is missing or wrong
 */
exports.linkProgram = function linkProgram(boot, { compiled, context, entry, files, isolate }) {
  const modules = new Map();
  const paths = new Map();
  /** A module is known by its URL: with another query, a file is another module. */
  const load = (url, specifier) => {
    const known = modules.get(url);
    if (known !== undefined) return known;
    const path = Object.hasOwn(files, url) ? url : url.replace(QUERY, "");
    if (!Object.hasOwn(files, path)) throw new Error(whyMissing(specifier));
    const filename = `file://${ROOT}/${url}`;
    const { code, positions } = sourceOf(path, { text: files[path], url: filename });
    if (positions !== undefined) compiled.set(filename, positions);
    const module = isolate.compileModuleSync(code, { filename });
    modules.set(url, module);
    paths.set(module, path);
    return module;
  };
  boot.instantiateSync(context, (specifier, referrer) => {
    if (referrer === boot) return load(entry, entry);
    return load(urlOf(specifier, paths.get(referrer) ?? entry), specifier);
  });
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
  const why = "only files of the workspace are imported here";
  return `Cannot find module ${JSON.stringify(specifier)}: ${why}`;
}

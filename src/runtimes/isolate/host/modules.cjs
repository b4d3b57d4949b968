/** Links the modules of a program: files of its workspace alone. */
const { posix: { dirname, normalize, resolve } } = require("node:path");
const { stripTypeScriptTypes } = require("node:module");

const ROOT = "/workspace";
const IS_TYPESCRIPT = /\.[mc]?ts$/;

/** Links the module that imports the program. @throws {Error} as the language does where a file is missing or wrong */
exports.linkProgram = function linkProgram(boot, { context, entry, files, isolate }) {
  const modules = new Map();
  const paths = new Map();
  const load = (path, specifier) => {
    const known = modules.get(path);
    if (known !== undefined) return known;
    if (!Object.hasOwn(files, path)) throw new Error(whyMissing(specifier));
    const filename = `file://${ROOT}/${path}`;
    const module = isolate.compileModuleSync(sourceOf(path, files[path]), { filename });
    modules.set(path, module);
    paths.set(module, path);
    return module;
  };
  boot.instantiateSync(context, (specifier, referrer) => {
    if (referrer === boot) return load(entry, entry);
    return load(pathOf(specifier, paths.get(referrer) ?? entry), specifier);
  });
};

/** The text of a module: without types, and JSON as what it exports. */
function sourceOf(path, text) {
  if (path.endsWith(".json")) return `export default JSON.parse(${JSON.stringify(text)});`;
  return IS_TYPESCRIPT.test(path) ? stripTypeScriptTypes(text) : text;
}

/** The path in the workspace that a specifier names. */
function pathOf(specifier, from) {
  const path = specifier.replace(/^file:\/\//, "");
  if (!/^\.{0,2}\//.test(path)) throw new Error(whyMissing(specifier));
  const absolute = normalize(resolve(ROOT, dirname(from), path));
  return absolute.startsWith(`${ROOT}/`) ? absolute.slice(ROOT.length + 1) : absolute;
}

function whyMissing(specifier) {
  const why = "only files of the workspace are imported here";
  return `Cannot find module ${JSON.stringify(specifier)}: ${why}`;
}

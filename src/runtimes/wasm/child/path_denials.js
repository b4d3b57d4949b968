/** Reports which paths a module was refused, beside its workspace and its directory for temporary files. */
import { reportDenial } from "./begin.js";

/** WASI's word for what is beyond the directories that a module was given. */
const NOT_CAPABLE = 76;
const CREATES_OR_TRUNCATES = 1 | 8;
const MAX_PATH_LENGTH = 500;
const FIRST_DIRECTORY = 3;

/** Where the arguments of each function have the descriptor of a directory, and a path with its length behind it. */
const PATHS = {
  path_create_directory: [[0, 1]],
  path_filestat_get: [[0, 2]],
  path_filestat_set_times: [[0, 2]],
  path_link: [[0, 2], [4, 5]],
  path_open: [[0, 2]],
  path_readlink: [[0, 1]],
  path_remove_directory: [[0, 1]],
  path_rename: [[0, 1], [3, 4]],
  path_symlink: [[2, 3]],
  path_unlink_file: [[0, 1]],
};
const READING = ["path_filestat_get", "path_readlink"];

/** The functions of WASI; those that take paths report what they refuse. */
export function reportingDenials(functions, { directories, memory }) {
  const reporting = Object.entries(PATHS).map(([name, paths]) => {
    const call = functions[name];
    return [name, (...args) => {
      const result = call(...args);
      if (result === NOT_CAPABLE) { for (const [fd, path] of paths) report(name, args, { fd, path }); }
      return result;
    }];
  });
  return { ...functions, ...Object.fromEntries(reporting) };

  function report(name, args, { fd, path }) {
    try {
      const length = Math.min(args[path + 1], MAX_PATH_LENGTH);
      const text = new TextDecoder().decode(new Uint8Array(memory().buffer, args[path], length));
      const given = directories[args[fd] - FIRST_DIRECTORY];
      const directory = given === "." ? directories[0] : given ?? "."; // Both are the workspace.
      reportDenial(isReading(name, args) ? "read" : "write", resolve(directory, text));
    } catch {
      // The path is none.
    }
  }
}

function isReading(name, args) {
  return READING.includes(name) || (name === "path_open" && (args[4] & CREATES_OR_TRUNCATES) === 0);
}

/** The path that a module means, from the root where it knows the directory's. */
function resolve(directory, path) {
  const names = [];
  for (const name of `${path.startsWith("/") ? "" : directory}/${path}`.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

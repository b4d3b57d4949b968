/** Reports the paths that a module was refused. They lie beside its workspace and its directory for temporary files. */
import { reportDenial } from "./begin.js";

/** WASI's error for a path beyond the directories that a module was given. */
const NOT_CAPABLE = 76;
const CREATES_OR_TRUNCATES = 1 | 8;
const OPENS_DIRECTORY = 2;
const MAX_PATH_LENGTH = 500;
const FIRST_DIRECTORY = 3;

/**
 * The indices of a directory's descriptor and a path in each function's arguments. The path's length follows the path.
 */
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

/** The functions of WASI. Those that take paths report the paths that they refuse. */
export function reportingDenials(functions, { directories, memory }) {
  const places = new Map(
    directories.map((name, index) => [FIRST_DIRECTORY + index, name === "." ? directories[0] : name]),
  );
  const reporting = Object.entries(PATHS).map(([name, paths]) => {
    const call = functions[name];
    return [name, (...args) => {
      const result = call(...args);
      if (result === NOT_CAPABLE) report(name, args, paths);
      if (result === 0 && name === "path_open" && (args[4] & OPENS_DIRECTORY) !== 0) keepPlace(args);
      return result;
    }];
  });
  return { ...functions, ...Object.fromEntries(reporting) };

  /** Reports the paths that lie elsewhere. Where none does, a link leads there, and each may be such. */
  function report(name, args, paths) {
    const targets = paths.flatMap(([fd, path]) => {
      try {
        return targetOf(args, { fd, path }) ?? [];
      } catch {
        return []; // The path is none.
      }
    });
    const roots = [...places.values()];
    const elsewhere = targets.filter((target) => !roots.some((root) => `${target}/`.startsWith(`${root}/`)));
    for (const target of elsewhere.length > 0 ? elsewhere : targets) {
      reportDenial(isReading(name, args) ? "read" : "write", target);
    }
  }

  /** The path that a call means, from the root. Undefined where it begins at an unknown directory. */
  function targetOf(args, { fd, path }) {
    const length = Math.min(args[path + 1], MAX_PATH_LENGTH);
    const text = new TextDecoder().decode(new Uint8Array(memory().buffer, args[path], length));
    const place = text.startsWith("/") ? "" : places.get(args[fd]);
    return place === undefined ? undefined : resolve(place, text);
  }

  /** Keeps the path of an opened directory: other paths begin at it. */
  function keepPlace(args) {
    try {
      const target = targetOf(args, { fd: 0, path: 2 });
      if (target !== undefined) places.set(new DataView(memory().buffer).getUint32(args[8] >>> 0, true), target);
    } catch {
      // The path is none.
    }
  }
}

function isReading(name, args) {
  return READING.includes(name) || (name === "path_open" && (args[4] & CREATES_OR_TRUNCATES) === 0);
}

/** A path below a directory, from the root. */
export function resolve(directory, path) {
  const names = [];
  for (const name of `${directory}/${path}`.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

import type { Need, Surface } from "../../../core/needs.ts";
import listModules from "./list_modules.py" with { type: "text" };

/**
 * A program that prints the names of the modules that programs may import. Each is on a line of its own. The first line
 * is `all` where there are no other modules, and `some` where there may be.
 */
export const LIST_MODULES: string = listModules;

/** Modules that every Python of the last years has. A program lists further ones. */
const STANDARD_MODULES: ReadonlySet<string> = new Set([
  ...["abc", "argparse", "array", "ast", "asyncio", "atexit", "base64", "bdb", "binascii", "bisect", "builtins"],
  ...["bz2", "cProfile", "calendar", "cmath", "cmd", "code", "codecs", "codeop", "collections", "colorsys"],
  ...["compileall", "concurrent", "configparser", "contextlib", "contextvars", "copy", "copyreg", "csv", "ctypes"],
  ...["dataclasses", "datetime", "decimal", "difflib", "dis", "doctest", "email", "encodings", "enum", "errno"],
  ...["faulthandler", "fcntl", "filecmp", "fileinput", "fnmatch", "fractions", "ftplib", "functools", "gc"],
  ...["getopt", "getpass", "gettext", "glob", "graphlib", "grp", "gzip", "hashlib", "heapq", "hmac", "html"],
  ...["http", "imaplib", "importlib", "inspect", "io", "ipaddress", "itertools", "json", "keyword", "linecache"],
  ...["locale", "logging", "lzma", "marshal", "math", "mimetypes", "mmap", "multiprocessing", "numbers"],
  ...["operator", "optparse", "os", "pathlib", "pdb", "pickle", "pickletools", "pkgutil", "platform", "plistlib"],
  ...["poplib", "pprint", "profile", "pstats", "pty", "pwd", "py_compile", "pydoc", "queue", "quopri", "random"],
  ...["re", "reprlib", "resource", "runpy", "sched", "secrets", "select", "selectors", "shelve", "shlex"],
  ...["shutil", "signal", "site", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "stat", "statistics"],
  ...["string", "struct", "subprocess", "symtable", "sys", "sysconfig", "tarfile", "tempfile", "termios"],
  ...["textwrap", "threading", "time", "timeit", "token", "tokenize", "tomllib", "trace", "traceback"],
  ...["tracemalloc", "tty", "types", "typing", "unicodedata", "unittest", "urllib", "uuid", "warnings", "wave"],
  ...["weakref", "webbrowser", "xml", "xmlrpc", "zipapp", "zipfile", "zipimport", "zlib", "zoneinfo"],
]);

/** The modules of a Python. */
export interface ModuleList {
  /** Whether there are no others. */
  readonly isComplete: boolean;
  readonly names: readonly string[];
}

/** The list that {@link LIST_MODULES} printed; undefined where it printed none. */
export function parseModules(output: string): ModuleList | undefined {
  const [coverage, ...lines] = output.split("\n");
  if (coverage !== "all" && coverage !== "some") return undefined;
  return { isComplete: coverage === "all", names: lines.filter((line) => line !== "") };
}

/** The surface of a Python with these modules, which may become more. */
export function moduleSurface({ isComplete, names }: ModuleList, { remedy }: { readonly remedy: string }): Surface {
  const known = new Set(names);
  const otherwise = isComplete ? false : undefined;
  return {
    isWhole: true,
    mayGrow: true,
    remedy,
    has: ({ kind, name }) => kind !== "module" ? undefined : known.has(name) ? true : otherwise,
  };
}

/** Whether a need is a module that is not known to come with Python itself. */
export function isThirdParty({ kind, name }: Need): boolean {
  return kind === "module" && !name.startsWith("_") && !STANDARD_MODULES.has(name);
}

import { INTERPRETER_MAIN, interpreterModules } from "../interpreters/ecmascript/modules.ts";
import bootSource from "./boot.js" with { type: "text" };
import startSource from "./start.js" with { type: "text" };
import denoHost from "./interpreter/deno_host.js" with { type: "text" };
import main from "./interpreter/main.js" with { type: "text" };
import orders from "./interpreter/orders.js" with { type: "text" };
import types from "./interpreter/types.js" with { type: "text" };

/** The directory in which Deno keeps what it has transformed, one for each environment. */
export const CACHE_NAME = "deno_dir";

/** Where modules lie, among those that run inside the child. */
export const MODULES = {
  /** Imports a program where no layer hides the host's files. */
  boot: "boot.js",
  /** Runs first in every program's process. */
  start: "start.js",
} as const;

/** Every module that runs inside the child, by its path. */
export const MODULE_TEXTS: Readonly<Record<string, string>> = {
  [MODULES.boot]: withoutComments(bootSource),
  [MODULES.start]: withoutComments(startSource),
  ...interpreterModules({
    [INTERPRETER_MAIN]: main,
    "deno_host.js": denoHost,
    "orders.js": orders,
    "types.js": types,
  }),
};

/** Deno searches comments for pragmas, which costs every start 0.4 ms. */
function withoutComments(source: string): string {
  return source.replaceAll(/^\/\*\*.*?\*\/$/gms, "");
}

import { interpreterModules } from "../../interpreters/ecmascript/modules.ts";
import { INTERPRETER_MAIN } from "../../interpreters/ecmascript/places.ts";
import denoHost from "./deno_host.js" with { type: "text" };
import main from "./main.js" with { type: "text" };
import orders from "./orders.js" with { type: "text" };
import scripts from "./scripts.js" with { type: "text" };
import types from "./types.js" with { type: "text" };

/** The modules of a context's process by the names of their files. */
export const INTERPRETER_MODULES: Readonly<Record<string, string>> = interpreterModules({
  [INTERPRETER_MAIN]: main,
  "deno_host.js": denoHost,
  "orders.js": orders,
  "scripts.js": scripts,
  "types.js": types,
});

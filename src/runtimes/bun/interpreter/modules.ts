import { releasedModules } from "../../ecmascript/interpreter_modules.ts";
import { INTERPRETER_MAIN } from "../../interpreters/ecmascript/places.ts";
import bunHost from "./bun_host.js" with { type: "text" };
import main from "./main.js" with { type: "text" };

/** The modules of a context's process by the names of their files. */
export const INTERPRETER_MODULES: Readonly<Record<string, string>> = releasedModules({
  [INTERPRETER_MAIN]: main,
  "bun_host.js": bunHost,
});

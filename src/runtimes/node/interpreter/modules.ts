import { releasedModules } from "../../ecmascript/interpreter_modules.ts";
import { INTERPRETER_MAIN } from "../../interpreters/ecmascript/places.ts";
import evaluator from "./evaluator.js" with { type: "text" };
import main from "./main.js" with { type: "text" };
import nodeHost from "./node_host.js" with { type: "text" };

/** The modules of a context's process by the names of their files. */
export const INTERPRETER_MODULES: Readonly<Record<string, string>> = releasedModules({
  [INTERPRETER_MAIN]: main,
  "evaluator.js": evaluator,
  "node_host.js": nodeHost,
});

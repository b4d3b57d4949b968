import { interpreterModules } from "../../interpreters/ecmascript/modules.ts";
import { INTERPRETER, INTERPRETER_MAIN } from "../../interpreters/ecmascript/places.ts";
import isolateHost from "./isolate_host.js" with { type: "text" };
import main from "./main.js" with { type: "text" };

/** The program that evaluates the cells of a context. It has modules by their paths, and the one to run. */
export const INTERPRETER_PROGRAM: { readonly entry: string; readonly files: Readonly<Record<string, string>> } = {
  entry: `${INTERPRETER}/${INTERPRETER_MAIN}`,
  files: Object.fromEntries(
    Object.entries(interpreterModules({ [INTERPRETER_MAIN]: main, "isolate_host.js": isolateHost })).map((
      [name, text],
    ) => [`${INTERPRETER}/${name}`, text]),
  ),
};

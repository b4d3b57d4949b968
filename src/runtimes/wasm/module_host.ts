import begin from "./child/begin.js" with { type: "text" };
import bounds from "./child/bounds.js" with { type: "text" };
import command from "./child/command.js" with { type: "text" };
import modules from "./child/modules.js" with { type: "text" };
import pathDenials from "./child/path_denials.js" with { type: "text" };
import traps from "./child/traps.js" with { type: "text" };
import wasi from "./child/wasi.js" with { type: "text" };
import warmUp from "./child/warm_up.js" with { type: "text" };
import type { ModuleSet } from "./languages/row.ts";

/** The modules inside the child of a command of WASI preview 1. */
export const MODULE_HOST: ModuleSet = {
  main: "wasi.js",
  texts: {
    "wasi.js": wasi,
    "begin.js": begin,
    "bounds.js": bounds,
    "command.js": command,
    "modules.js": modules,
    "path_denials.js": pathDenials,
    "traps.js": traps,
    "warm_up.js": warmUp,
  },
};

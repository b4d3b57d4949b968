import { interpreterModules } from "../interpreters/ecmascript/modules.ts";
import processHost from "./process_host.js" with { type: "text" };

/**
 * The modules of a context's process of a released binary, by their file names.
 *
 * @param own the modules of the runtime alone
 */
export function releasedModules(own: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return interpreterModules({ ...own, "process_host.js": processHost });
}

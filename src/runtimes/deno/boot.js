/**
 * The main module of a Deno program where no layer of the operating system hides the files of the host: imports the
 * program.
 *
 * The import is dynamic, and not by a literal, so that Deno checks every module of the program against the permissions;
 * as a main module, or behind a literal, a static import reads any file of the host. The price is that
 * `import.meta.main` is false in the program. Nothing awaits the import, so that no line of this file stands in a
 * program's stack trace. Deno fires "load" when this module is done, which is before the program has begun to listen:
 * it is fired again when that is.
 */
import { tell } from "./start.js";

const program = import(import.meta.url.slice(import.meta.url.indexOf("?") + 1));
program.catch(tell);
program.then(() => dispatchEvent(new Event("load")));

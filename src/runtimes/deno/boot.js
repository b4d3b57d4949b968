/**
 * The main module of a Deno program where no layer hides the host's files. It imports the program.
 *
 * The import is dynamic, and not of a literal, so that Deno checks every module of the program against the permissions:
 * in a main module, or behind a literal, a static import reads any file of the host. In return, `import.meta.main` is
 * false in the program. Nothing awaits the import, so that no line of this file is in a program's stack trace. Deno
 * fires "load" at the end of this module, before the program listens: this module fires it again afterwards.
 */
import { reportDenial } from "./start.js";

const program = import(import.meta.url.slice(import.meta.url.indexOf("?") + 1));
program.catch(reportDenial);
program.then(() => dispatchEvent(new Event("load")));

/** The main module of a context's process. */
import "./bun_host.js";
import { serve } from "../../interpreters/ecmascript/cells.js";
import { evaluate } from "../../interpreters/ecmascript/script_evaluator.js";

await serve(evaluate);

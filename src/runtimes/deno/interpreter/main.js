/** The main module of a context's process. */
import "./deno_host.js";
import { serve } from "../../interpreters/ecmascript/cells.js";
import { evaluate } from "../../interpreters/ecmascript/script_evaluator.js";
import { host } from "../../interpreters/ecmascript/host.js";
import { forgetDenials, reportDenial } from "../start.js";

Object.assign(host, { forgetDenials, reportDenial });
await serve(evaluate);

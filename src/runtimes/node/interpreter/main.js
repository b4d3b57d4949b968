/** The main module of a context's process. */
import "./node_host.js";
import { serve } from "../../interpreters/ecmascript/cells.js";
import { evaluate } from "./evaluator.js";

await serve(evaluate);

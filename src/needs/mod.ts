/** What programs need of a runtime, as far as their text tells. */
export { NeedAnalyser } from "./need_analyser.ts";

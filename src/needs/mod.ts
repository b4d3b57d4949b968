/** Finds the needs of programs, as far as their text shows. */
export { NeedAnalyser } from "./need_analyser.ts";

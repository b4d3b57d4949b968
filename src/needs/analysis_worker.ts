import { analyse, type AnalysedTexts } from "./analyse.ts";
import { BoundedParse } from "./bounded_parse.ts";
import { familyOf } from "./families.ts";
import type { Needs } from "../core/needs.ts";

/** Longest parse of a program, in ms. An ordinary program of the longest size takes about a fifth of it. */
const LIMIT_MS = 600;
/** How the clock is read here. Steps of a parser may take ms in a hostile text, and most of their time counts. */
const READINGS = { stepsBetween: 1, maxCountedMs: 4 };

/** A program to read. */
export interface AnalysisTask extends AnalysedTexts {
  readonly id: number;
}

/** What a program needs; absent where it cannot be read, or not in time. */
export interface AnalysisAnswer {
  readonly id: number;
  readonly needs?: Needs;
}

/** A message of the thread: `ready` first, then answers. */
export type AnalysisMessage = AnalysisAnswer | "ready";

/** What a worker sees of itself. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: { readonly data: AnalysisTask }) => void): void;
  postMessage(message: AnalysisMessage): void;
}

async function read({ id, ...program }: AnalysisTask): Promise<AnalysisAnswer> {
  const family = familyOf(program.entrypoint);
  const reader = await family?.load();
  if (family === undefined || reader === undefined) return { id };
  const bounded = new BoundedParse(LIMIT_MS, () => performance.now(), READINGS);
  const needs = analyse(program, { family, reader, bounded });
  return needs === undefined ? { id } : { id, needs };
}

const scope = globalThis as unknown as WorkerScope;
scope.addEventListener("message", ({ data }) => void read(data).then((answer) => scope.postMessage(answer)));
scope.postMessage("ready");

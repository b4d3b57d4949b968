import { parseObject } from "./cell_report.ts";

/** A line that a cell asks its client for. */
export interface InputQuestion {
  readonly prompt: string;
  /** Whether the client shows nothing of the answer. */
  readonly isSecret: boolean;
}

/** A question of a cell to the service. */
export type CellQuestion =
  | { readonly id: number; readonly kind: "input"; readonly input: InputQuestion }
  | { readonly id: number; readonly kind: "install"; readonly packages: readonly string[] };

/** The answer: a line, the exit code of the installer, or why there is none. */
export type CellReply = { readonly text?: string } | { readonly exitCode: number } | { readonly error: string };

/** Most characters of a prompt. */
const MAX_PROMPT_LENGTH = 4_096;

/** Parses a question, which the program may have forged; undefined when it is malformed. */
export function parseQuestion(bytes: Uint8Array): CellQuestion | undefined {
  const { id, kind, packages, password, prompt } = parseObject(bytes) ?? {};
  if (typeof id !== "number") return undefined;
  if (kind === "input" && typeof prompt === "string") {
    return { id, kind, input: { prompt: prompt.slice(0, MAX_PROMPT_LENGTH), isSecret: password === true } };
  }
  if (kind !== "install" || !Array.isArray(packages)) return undefined;
  return { id, kind, packages: packages.filter((name) => typeof name === "string") };
}

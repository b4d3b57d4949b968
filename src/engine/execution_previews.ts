/** Longest preview, in UTF-16 code units. */
export const MAX_PREVIEW_LENGTH = 160;
/** Most previews that are kept; the oldest go first. They take at most 3.2 MB. */
const MAX_PREVIEWS = 10_000;

/** The beginnings of programs by the ids of their executions. They are in memory alone, as no code is stored. */
export class ExecutionPreviews {
  readonly #byId = new Map<string, string>();

  add(id: string, code: string): void {
    const preview = previewOf(code);
    if (preview === "") return;
    this.#byId.set(id, preview);
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > MAX_PREVIEWS && oldest !== undefined) this.#byId.delete(oldest);
  }

  get(id: string): string | undefined {
    return this.#byId.get(id);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The beginning of a program, without white space around it. It ends with a whole character, and is a copy: a slice would
 * keep the whole program in memory.
 */
export function previewOf(code: string): string {
  const copy = decoder.decode(encoder.encode(code.trimStart().slice(0, MAX_PREVIEW_LENGTH)));
  return copy.replace(/\ufffd$/, "").trimEnd();
}

/** Most lines within a window for refusals of one key and code. */
const MAX_LINES = 60;
const WINDOW_MS = 60_000;

interface Window {
  readonly endsAt: number;
  lines: number;
  leftOut: number;
}

/** Limits the audit lines about refused requests to 60 a minute for each kind. Further refusals are counted. */
export class RefusalLimiter {
  readonly #windows = new Map<string, Window>();

  /**
   * Admits a refusal, and returns how many of its kind got no line before. Undefined when this refusal gets no line.
   */
  admit(kind: string, now: number): { readonly leftOut: number } | undefined {
    const window = this.#windows.get(kind);
    if (window === undefined || !isWithin(window, now)) {
      this.#windows.set(kind, { endsAt: now + WINDOW_MS, lines: 1, leftOut: 0 });
      return { leftOut: window?.leftOut ?? 0 };
    }
    if (window.lines === MAX_LINES) {
      window.leftOut++;
      return undefined;
    }
    window.lines++;
    return { leftOut: 0 };
  }
}

/** Whether a time is in a window. A clock that was set back is before every window. */
function isWithin({ endsAt }: Window, now: number): boolean {
  return now < endsAt && now >= endsAt - WINDOW_MS;
}

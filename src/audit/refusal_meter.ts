/** Lines that one key's refusals of one kind get within a window. */
const LINES = 60;
const WINDOW_MS = 60_000;

interface Window {
  readonly endsAt: number;
  lines: number;
  leftOut: number;
}

/** Keeps whoever is refused again and again from filling the disk: beyond 60 lines a minute refusals are only counted. */
export class RefusalMeter {
  readonly #windows = new Map<string, Window>();

  /** Whether a refusal gets a line and, if so, how many before it got none. */
  admit(kind: string, now: number): { readonly leftOut: number } | undefined {
    const window = this.#windows.get(kind);
    if (window === undefined || !isWithin(window, now)) {
      this.#windows.set(kind, { endsAt: now + WINDOW_MS, lines: 1, leftOut: 0 });
      return { leftOut: window?.leftOut ?? 0 };
    }
    if (window.lines === LINES) {
      window.leftOut++;
      return undefined;
    }
    window.lines++;
    return { leftOut: 0 };
  }
}

/** A clock that was put back is before every window, and opens a new one. */
function isWithin({ endsAt }: Window, now: number): boolean {
  return now < endsAt && now >= endsAt - WINDOW_MS;
}

import type { MimeBundle } from "../core/cell.ts";
import type { OutputStream } from "../core/execution.ts";

/** A display, and its index among all displays of the execution. */
export interface KeptDisplay {
  readonly index: number;
  readonly data: MimeBundle;
  /** Bytes of each stream before the display; absent in a record. */
  readonly behind?: Readonly<Record<OutputStream, number>>;
}

interface Entry extends KeptDisplay {
  readonly bytes: number;
}

/**
 * Keeps the first and the last displays of an execution, and counts all. The kept ones are at most `maxBytes` of JSON
 * together. There is at most one gap; a display longer than half of `maxBytes` makes it.
 */
export class DisplayLog {
  readonly #halfBytes: number;
  readonly #first: Entry[] = [];
  #firstBytes = 0;
  #isFirstFull = false;
  readonly #last: Entry[] = [];
  #lastBytes = 0;
  #seen = 0;

  constructor(maxBytes: number) {
    this.#halfBytes = Math.floor(maxBytes / 2);
  }

  /** How many displays there were. */
  get seen(): number {
    return this.#seen;
  }

  /** Adds a display. */
  push(data: MimeBundle, behind?: KeptDisplay["behind"]): void {
    const bytes = new TextEncoder().encode(JSON.stringify(data)).length;
    const entry = { index: this.#seen++, data, bytes, ...(behind === undefined ? {} : { behind }) };
    this.#isFirstFull ||= this.#firstBytes + bytes > this.#halfBytes;
    if (this.#isFirstFull) this.#keepLast(entry);
    else {
      this.#first.push(entry);
      this.#firstBytes += bytes;
    }
  }

  /** Finds the first kept display from `index` on; undefined when none is kept. */
  from(index: number): KeptDisplay | undefined {
    return this.#first[index] ?? this.#last[Math.max(index - (this.#last[0]?.index ?? 0), 0)];
  }

  #keepLast(entry: Entry): void {
    this.#last.push(entry);
    this.#lastBytes += entry.bytes;
    while (this.#lastBytes > this.#halfBytes) this.#lastBytes -= this.#last.shift()?.bytes ?? 0;
  }
}

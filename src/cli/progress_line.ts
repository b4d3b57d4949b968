import type { Progress, ProgressTask } from "../core/progress.ts";
import { type Output, writeText } from "./output.ts";

const REFRESH_MS = 200;
/** Width of a terminal that does not report one. */
const USUAL_COLUMNS = 80;
/** Moves to the start of the line, and erases it. */
const ERASE = "\r\x1b[2K";

interface Options {
  readonly signal: AbortSignal;
  readonly columns?: () => number;
  readonly now?: () => number;
}

interface Shown {
  readonly task: string;
  readonly beganAt: number;
  detail?: string;
}

/**
 * Shows tasks on one line of a terminal, which is rewritten. Elsewhere each task is a line when it begins. Disposing
 * erases the line.
 */
export class ProgressLine implements Progress, AsyncDisposable {
  readonly signal: AbortSignal;
  readonly #output: Output;
  readonly #columns: () => number;
  readonly #now: () => number;
  readonly #tasks = new Set<Shown>();
  /** The last write; the next one begins after it. */
  #written: Promise<unknown> = Promise.resolve();
  #line = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(output: Output, { signal, columns = terminalColumns, now = () => performance.now() }: Options) {
    this.signal = signal;
    this.#output = output;
    this.#columns = columns;
    this.#now = now;
  }

  begin(task: string): ProgressTask {
    const shown: Shown = { task, beganAt: this.#now() };
    this.#tasks.add(shown);
    if (!this.#output.isTerminal()) this.#write(`codebeaker: ${task}\n`);
    this.#refresh();
    return {
      update: (detail) => shown.detail = detail,
      [Symbol.dispose]: () => {
        if (this.#tasks.delete(shown)) this.#refresh();
      },
    };
  }

  /** Writes other text to the same terminal, above the line. */
  async above<T>(write: () => Promise<T>): Promise<T> {
    this.#erase();
    await this.#written;
    const result = await write();
    this.#refresh();
    await this.#written;
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tasks.clear();
    this.#erase();
    await this.#written;
  }

  /** Rewrites the line, and repeats that while there is a task. */
  #refresh(): void {
    if (!this.#output.isTerminal()) return;
    clearTimeout(this.#timer);
    if (this.#tasks.size === 0) return this.#erase();
    const line = this.#text();
    if (line !== this.#line) this.#write(`${ERASE}${line}`);
    this.#line = line;
    this.#timer = setTimeout(() => this.#refresh(), REFRESH_MS);
  }

  #erase(): void {
    clearTimeout(this.#timer);
    if (this.#line !== "") this.#write(ERASE);
    this.#line = "";
  }

  #text(): string {
    const tasks = [...this.#tasks];
    const texts = tasks.map(({ task, detail }) => detail === undefined ? task : `${task}: ${detail}`);
    const seconds = Math.floor((this.#now() - Math.min(...tasks.map(({ beganAt }) => beganAt))) / 1000);
    // A text of an Engine or a registry must not control the terminal.
    const text = `codebeaker: ${seconds} s  ${texts.join("; ")}`.replaceAll(/\p{Cc}/gu, " ");
    return text.slice(0, this.#columns() - 1);
  }

  #write(text: string): void {
    this.#written = this.#written.then(() => writeText(this.#output, text)).catch(() => {}); // Writing is a best effort.
  }
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return USUAL_COLUMNS;
  }
}

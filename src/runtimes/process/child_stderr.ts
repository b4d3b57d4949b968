import { concatBytes } from "../../core/bytes/bytes.ts";
import { FrameScanner, type Reading } from "../../core/bytes/frame_scanner.ts";
import { DENIED, EXITS_BY_ITSELF, isBareCellEnd, REPORT } from "../../core/child_protocol.ts";
import type { ByteFilter } from "../../process/child_output.ts";
import { ByteReplacer } from "../../process/replace_bytes.ts";
import type { DenialCollector } from "./denial_collector.ts";
import type { MemoryEnding } from "./spec.ts";

/** How many characters of the output are kept between chunks. A pattern may begin in them. */
const TAIL_LENGTH = 128;

const EXIT_WORD = EXITS_BY_ITSELF.slice(REPORT.length);
const DENIAL_WORD = DENIED.slice(REPORT.length);

/** Options for reading a child's stderr. */
export interface ChildStderrOptions {
  /** Texts of the host, and the texts that a client sees instead. */
  readonly shownTexts: Readonly<Record<string, string>>;
  readonly memoryEndings: readonly MemoryEnding[];
  /** The collector of denials; absent, reports of denials are output. */
  readonly denials?: DenialCollector | undefined;
}

/**
 * Filters a child's stderr. It takes the reports out, hides the host's paths, and recognizes the end by lack of memory.
 */
export class ChildStderr implements ByteFilter {
  readonly #replacer: ByteReplacer;
  readonly #scanner = new FrameScanner(REPORT, (behind) => this.#readReport(behind));
  readonly #decoder = new TextDecoder("latin1");
  readonly #denials: DenialCollector | undefined;
  readonly #memoryEndings: readonly MemoryEnding[];
  readonly #seenEndings = new Set<MemoryEnding>();
  readonly #ended = Promise.withResolvers<void>();
  #tail = "";
  #exitsByItself = false;

  constructor({ denials, memoryEndings, shownTexts }: ChildStderrOptions) {
    this.#replacer = new ByteReplacer(shownTexts);
    this.#denials = denials;
    this.#memoryEndings = memoryEndings;
  }

  /** Settles when all of stderr has been read. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Whether the program reported that it exits by itself, with any code. */
  get exitsByItself(): boolean {
    return this.#exitsByItself;
  }

  /** Whether a program that ended so ran out of memory. */
  isOutOfMemory({ code, signal }: Deno.CommandStatus): boolean {
    return [...this.#seenEndings].some(({ endings }) => endings.includes(signal ?? code));
  }

  push(bytes: Uint8Array): Uint8Array {
    // Every cell has such an end, and waits while it is searched. There is nothing in it to find or to hide.
    if (isBareCellEnd(bytes) && !this.#scanner.isHolding && !this.#replacer.isHolding) return bytes;
    const output: Uint8Array[] = [];
    for (const piece of this.#scanner.push(bytes)) {
      if ("bytes" in piece) output.push(piece.bytes);
      else if (piece.frame === "exits_by_itself") this.#exitsByItself = true;
    }
    return this.#print(concatBytes(output)); // Once, however many reports a hostile program writes between its bytes.
  }

  flush(): Uint8Array {
    const output = concatBytes([this.#print(this.#scanner.flush()), this.#replacer.flush()]);
    this.#ended.resolve();
    return output;
  }

  #print(bytes: Uint8Array): Uint8Array {
    const text = this.#tail + this.#decoder.decode(bytes);
    for (const ending of this.#memoryEndings) if (ending.pattern.test(text)) this.#seenEndings.add(ending);
    this.#tail = text.slice(-TAIL_LENGTH);
    this.#denials?.print(bytes);
    return this.#replacer.push(bytes);
  }

  #readReport(behind: Uint8Array): Reading<"exits_by_itself" | "denied"> {
    const [first, second] = behind;
    if (first === undefined) return "incomplete";
    const word = String.fromCharCode(first, ...(second === undefined ? [] : [second]));
    if (word.startsWith(DENIAL_WORD)) return this.#denials?.readReport(behind) ?? "no_frame";
    if (word === EXIT_WORD) return { frame: "exits_by_itself", length: EXIT_WORD.length };
    return EXIT_WORD.startsWith(word) ? "incomplete" : "no_frame";
  }
}

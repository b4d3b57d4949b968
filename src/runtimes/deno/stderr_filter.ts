import { EXITS_BY_ITSELF } from "../../core/child_protocol.ts";
import type { ByteFilter } from "../../process/child_output.ts";
import { ByteReplacer } from "../../process/replace_bytes.ts";

const OUT_OF_MEMORY =
  /Fatal JavaScript out of memory|Fatal process out of memory|memory allocation of \d+ bytes failed/;

/** The last words of a program that was refused memory which it had no right to, and did not catch that. */
const REFUSED_MEMORY =
  /Uncaught .*RangeError: (Array buffer allocation failed|WebAssembly\.Memory\(\): could not allocate memory|WebAssembly\.Memory\.grow\(\): Unable to grow instance memory)/;

/** The end of what was printed so far, in characters: enough to find what is looked for across two chunks. */
const MEMORY_LENGTH = 128;

/**
 * What Deno itself writes on stderr, made fit for the client: no path of the host, and notes of V8's last words, which
 * are the only sign that it ran out of heap, and of the program's own end.
 */
export class StderrFilter implements ByteFilter {
  readonly #replacer: ByteReplacer;
  readonly #decoder = new TextDecoder("latin1");
  #last = "";
  readonly #ended = Promise.withResolvers<void>();
  #sawOutOfMemory = false;
  #sawExit = false;
  #sawRefusedMemory = false;

  constructor(replacements: Readonly<Record<string, string>>) {
    this.#replacer = new ByteReplacer({ ...replacements, [EXITS_BY_ITSELF]: "" });
  }

  /** Settles when all of it was seen. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Whether the program said that it ends itself, with whatever code. */
  get sawExit(): boolean {
    return this.#sawExit;
  }

  get sawRefusedMemory(): boolean {
    return this.#sawRefusedMemory;
  }

  get sawOutOfMemory(): boolean {
    return this.#sawOutOfMemory;
  }

  push(bytes: Uint8Array): Uint8Array {
    const text = this.#last + this.#decoder.decode(bytes);
    if (OUT_OF_MEMORY.test(text)) this.#sawOutOfMemory = true;
    if (REFUSED_MEMORY.test(text)) this.#sawRefusedMemory = true;
    if (text.includes(EXITS_BY_ITSELF)) this.#sawExit = true;
    this.#last = text.slice(-MEMORY_LENGTH);
    return this.#replacer.push(bytes);
  }

  flush(): Uint8Array {
    this.#ended.resolve();
    return this.#replacer.flush();
  }
}

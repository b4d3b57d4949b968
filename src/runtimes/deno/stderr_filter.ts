import type { ByteFilter } from "../../system/child_output.ts";
import { ByteReplacer } from "../../system/replace_bytes.ts";

const OUT_OF_MEMORY =
  /Fatal JavaScript out of memory|Fatal process out of memory|memory allocation of \d+ bytes failed/;

/** The end of what was printed so far, in characters: enough to find {@link OUT_OF_MEMORY} across two chunks. */
const MEMORY_LENGTH = 64;

/**
 * What Deno itself writes on stderr, made fit for the client: no path of the host, and a note of V8's last words, which are
 * the only sign that it ran out of heap.
 */
export class StderrFilter implements ByteFilter {
  readonly #replacer: ByteReplacer;
  readonly #decoder = new TextDecoder("latin1");
  #last = "";
  #sawOutOfMemory = false;

  constructor(replacements: Readonly<Record<string, string>>) {
    this.#replacer = new ByteReplacer(replacements);
  }

  get sawOutOfMemory(): boolean {
    return this.#sawOutOfMemory;
  }

  push(bytes: Uint8Array): Uint8Array {
    const text = this.#last + this.#decoder.decode(bytes);
    if (OUT_OF_MEMORY.test(text)) this.#sawOutOfMemory = true;
    this.#last = text.slice(-MEMORY_LENGTH);
    return this.#replacer.push(bytes);
  }

  flush(): Uint8Array {
    return this.#replacer.flush();
  }
}

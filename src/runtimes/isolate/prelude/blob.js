import { define, FIELDS } from "./define.js";
import { partOf } from "./parts.js";

/** What another part exports. The global of the same name may be the program's own. */
const encoding = () => partOf("encoding");

/** File API's Blob. */
export class Blob {
  #bytes;
  #type;

  constructor(parts = [], { type = "" } = {}) {
    const all = [...parts].map((part) => {
      if (part instanceof Blob) return part.#bytes;
      if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
      if (part instanceof ArrayBuffer) return new Uint8Array(part);
      return new (encoding().TextEncoder)().encode(String(part));
    });
    this.#bytes = new Uint8Array(all.reduce((total, { length }) => total + length, 0));
    let at = 0;
    for (const bytes of all) {
      this.#bytes.set(bytes, at);
      at += bytes.length;
    }
    this.#type = /^[\x20-\x7e]*$/.test(type) ? String(type).toLowerCase() : "";
  }

  get size() {
    return this.#bytes.length;
  }

  get type() {
    return this.#type;
  }

  slice(start = 0, end = this.size, type = "") {
    const within = (index) => index < 0 ? Math.max(this.size + index, 0) : Math.min(index, this.size);
    return new Blob([this.#bytes.slice(within(start), within(end))], { type });
  }

  async arrayBuffer() {
    return await this.#bytes.slice().buffer;
  }

  async bytes() {
    return await this.#bytes.slice();
  }

  async text() {
    return await new (encoding().TextDecoder)().decode(this.#bytes);
  }

  stream() {
    const bytes = this.#bytes.slice();
    const { ReadableStream } = partOf("streams");
    return new ReadableStream({
      start(controller) {
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    });
  }

  [FIELDS]() {
    return { size: this.size, type: this.type };
  }

  get [Symbol.toStringTag]() {
    return "Blob";
  }
}

/** File API's File. */
export class File extends Blob {
  constructor(parts, name, options = {}) {
    super(parts, options);
    define(this, "name", String(name));
    define(this, "lastModified", options.lastModified ?? Date.now());
  }

  get [Symbol.toStringTag]() {
    return "File";
  }
}

import { concatBytes } from "../../core/bytes/bytes.ts";

/** Bytes of the length that leads a frame. */
const LENGTH_BYTES = 4;
/** Most bytes of a frame's rest: a slot divides what is longer. */
const MAX_BYTES = 65_536;

/** What a slot says, by the byte behind the length; `host/frames.cjs` has the same. */
const KINDS = ["ready", "stdout", "stderr", "done"] as const;

/** One frame of a slot. */
export interface SlotFrame {
  readonly kind: typeof KINDS[number];
  readonly bytes: Uint8Array;
}

/** What a program came to, as its slot says. */
export interface ProgramEnd {
  readonly kind: "exited" | "memory_limit";
  readonly exitCode?: number;
  readonly cpuMs?: number;
  /** Memory of the isolate at the end; null where that is gone. */
  readonly memoryBytes?: number | null;
}

/** A request to a slot as a frame. */
export function encodeRequest(request: unknown): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(request));
  const frame = new Uint8Array(LENGTH_BYTES + text.length);
  new DataView(frame.buffer).setUint32(0, text.length);
  frame.set(text, LENGTH_BYTES);
  return frame;
}

/** Takes frames out of chunks of bytes as they come. */
export class SlotFrames {
  #rest: Uint8Array = new Uint8Array();

  /** The frames that are whole now. @throws {Error} where the bytes are none: then nothing else is right either */
  push(chunk: Uint8Array): SlotFrame[] {
    this.#rest = this.#rest.length === 0 ? new Uint8Array(chunk) : concatBytes([this.#rest, chunk]);
    const frames: SlotFrame[] = [];
    for (;;) {
      if (this.#rest.length <= LENGTH_BYTES) return frames;
      const length = new DataView(this.#rest.buffer, this.#rest.byteOffset).getUint32(0);
      if (length > MAX_BYTES) throw new Error("Cannot read what a slot says: its frame is too long");
      const end = LENGTH_BYTES + 1 + length;
      if (this.#rest.length < end) return frames;
      const kind = KINDS[this.#rest[LENGTH_BYTES] ?? KINDS.length];
      if (kind === undefined) throw new Error("Cannot read what a slot says: its frame is of no kind");
      frames.push({ kind, bytes: this.#rest.slice(LENGTH_BYTES + 1, end) });
      this.#rest = this.#rest.slice(end);
    }
  }
}

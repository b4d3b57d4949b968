import { concatBytes } from "../../core/bytes/bytes.ts";

/** Bytes of the length that leads a frame. */
export const LENGTH_BYTES = 4;
/** The most bytes of a frame after its head. A slot divides longer output. */
export const MAX_BYTES = 65_536;
const MAX_EXIT_CODE = 255;
const DECODER = new TextDecoder();

/** The kinds of frames, by the byte after the length; `host/frames.cjs` has the same. */
export const KINDS = ["ready", "stdout", "stderr", "done"] as const;

/** One frame of a slot. */
export interface SlotFrame {
  readonly kind: typeof KINDS[number];
  readonly bytes: Uint8Array;
}

/** The end of a program, as its slot reports it. */
export interface ProgramEnd {
  readonly kind: "exited" | "memory_limit";
  /** The number that the request of the program had. */
  readonly number: number;
  readonly exitCode?: number;
  readonly cpuMs?: number;
  /** Whether the slot runs no further program. */
  readonly isLast?: boolean;
  /** Memory of the isolate at the end; null where that is gone. */
  readonly memoryBytes?: number | null;
}

/** Parses the end of a program. Undefined where it is none: the slot itself may be in the program's hands. */
export function parseEnd(bytes: Uint8Array): ProgramEnd | undefined {
  let end: unknown;
  try {
    end = JSON.parse(DECODER.decode(bytes));
  } catch {
    return undefined;
  }
  return isEnd(end) ? end : undefined;
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

  /**
   * The frames that are whole now, with copies of their bytes. Successive output of one stream becomes one frame, since a program may print byte by
   * byte.
   *
   * @throws {Error} where the bytes are no frame: then no later bytes are either
   */
  push(chunk: Uint8Array): SlotFrame[] {
    const bytes = this.#rest.length === 0 ? chunk : concatBytes([this.#rest, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const runs: { readonly kind: SlotFrame["kind"]; readonly parts: Uint8Array[] }[] = [];
    let at = 0;
    while (bytes.length - at > LENGTH_BYTES) {
      const length = view.getUint32(at);
      if (length > MAX_BYTES) throw new Error("Cannot read the output of a slot as its frame is too long");
      const kind = KINDS[view.getUint8(at + LENGTH_BYTES)];
      if (kind === undefined) throw new Error("Cannot read the output of a slot as its frame is of no kind");
      const end = at + LENGTH_BYTES + 1 + length;
      if (bytes.length < end) break;
      const part = bytes.slice(at + LENGTH_BYTES + 1, end);
      const last = runs.at(-1);
      if (last?.kind === kind && isOutput(kind)) last.parts.push(part);
      else runs.push({ kind, parts: [part] });
      at = end;
    }
    this.#rest = bytes.slice(at);
    return runs.map(({ kind, parts }) => ({ kind, bytes: concatBytes(parts) }));
  }
}

function isOutput(kind: SlotFrame["kind"]): boolean {
  return kind === "stdout" || kind === "stderr";
}

function isEnd(value: unknown): value is ProgramEnd {
  if (typeof value !== "object" || value === null) return false;
  const { cpuMs = 0, exitCode = 0, isLast = false, kind, memoryBytes, number }: Partial<Record<string, unknown>> = {
    ...value,
  };
  return (kind === "exited" || kind === "memory_limit") && Number.isSafeInteger(number) &&
    Number.isInteger(exitCode) && isAmount(exitCode) && exitCode <= MAX_EXIT_CODE &&
    isAmount(cpuMs) && isAmount(memoryBytes ?? 0) && typeof isLast === "boolean";
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

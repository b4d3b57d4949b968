import { CodeBeakerError } from "../../core/errors.ts";
import { MEBIBYTE } from "../../core/limits.ts";
import { MAX_ENTRIES } from "../file_tree.ts";

/** Most bytes beside the content of files. These are headers, long names, padding, and the end of the archive. */
export const MAX_OVERHEAD_BYTES = 16 * MEBIBYTE;

const BLOCK_BYTES = 512;
/** Most bytes of a long name, or of the attributes of one entry. */
const MAX_META_BYTES = 65_536;

/** Offsets of header fields (POSIX.1-1988, ustar interchange format). */
const SIZE_FIELD = { from: 124, to: 136 };
const TYPE_FIELD = 156;

/** Types of metadata. They are attributes of one entry and of all (PAX), long name and long target (GNU). */
const META_TYPES = "xgLK";
/** The three types of a regular file. */
const FILE_TYPES = "\x000" + "7";
/** Types of entries without content, whatever their size field says: hard link, symlink, directory. */
const BODILESS_TYPES = "125";
const SPARSE_TYPE = "S";

/**
 * Passes the bytes of a tar archive on. It fails as soon as a header breaks a rule. An archive holds only directories, files
 * and links, at most 10,000 of them, and at most `maxBytes` of content. The gate reads sizes from headers only; a later
 * step refuses attributes that replace them.
 *
 * @throws {CodeBeakerError} `too_large`, `invalid_request`, into the stream
 */
export function tarGate({ maxBytes }: { readonly maxBytes: number }): TransformStream<Uint8Array, Uint8Array> {
  const header = new Uint8Array(BLOCK_BYTES);
  let [filled, toSkip, entries, contentBytes, overheadBytes] = [0, 0, 0, 0, 0];

  function readHeader(): void {
    addOverhead(BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) return;
    const type = String.fromCharCode(header[TYPE_FIELD] ?? 0);
    const size = readSize(header);
    const padding = -size & (BLOCK_BYTES - 1);
    if (META_TYPES.includes(type)) {
      if (size > MAX_META_BYTES) throw archiveTooLarge("an entry has a name or attributes of more than 65,536 bytes");
      addOverhead(size + padding);
      toSkip = size + padding;
      return;
    }
    if (type === SPARSE_TYPE) throw invalidArchive("it holds a sparse file");
    if (++entries > MAX_ENTRIES) throw archiveTooLarge(`it holds more than ${MAX_ENTRIES} entries`);
    if (BODILESS_TYPES.includes(type)) return;
    if (!FILE_TYPES.includes(type)) throw invalidArchive("it holds an entry other than a directory, file or link");
    contentBytes += size;
    if (contentBytes > maxBytes) throw unpackedTooLarge(maxBytes);
    addOverhead(padding);
    toSkip = size + padding;
  }

  function addOverhead(bytes: number): void {
    overheadBytes += bytes;
    if (overheadBytes > MAX_OVERHEAD_BYTES) {
      throw archiveTooLarge(`it holds more than ${MAX_OVERHEAD_BYTES} bytes beside the content of its files`);
    }
  }

  return new TransformStream({
    transform(bytes, controller) {
      for (let at = 0; at < bytes.length;) {
        const length = Math.min(bytes.length - at, toSkip > 0 ? toSkip : BLOCK_BYTES - filled);
        if (toSkip > 0) toSkip -= length;
        else {
          header.set(bytes.subarray(at, at + length), filled);
          filled = (filled + length) % BLOCK_BYTES;
          if (filled === 0) readHeader();
        }
        at += length;
      }
      controller.enqueue(bytes);
    },
  });
}

/** Makes a `too_large` error about an archive. */
export function archiveTooLarge(why: string): CodeBeakerError {
  return new CodeBeakerError("too_large", `Cannot take the archive as ${why}`);
}

/** Makes a `too_large` error about the unpacked size of an archive. */
export function unpackedTooLarge(maxBytes: number): CodeBeakerError {
  return archiveTooLarge(`it must unpack to at most ${maxBytes} bytes`);
}

/** Makes an `invalid_request` error about an archive. */
export function invalidArchive(why: string, cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("invalid_request", `Cannot take the archive as ${why}`, { cause });
}

/**
 * Reads the size field of a header. It holds octal digits among spaces, up to a NUL or, with the first bit set, a
 * big-endian number (GNU).
 */
function readSize(header: Uint8Array): number {
  const field = header.subarray(SIZE_FIELD.from, SIZE_FIELD.to);
  const [first = 0, ...rest] = field;
  const text = String.fromCharCode(...field).split("\0", 1)[0]?.replaceAll(" ", "") ?? "";
  const size = (first & 0x80) === 0
    ? Number(/^[0-7]*$/.test(text) ? `0o0${text}` : NaN)
    : rest.reduce((sum, byte) => sum * 256 + byte, first & 0x7f);
  if (!Number.isSafeInteger(size)) throw invalidArchive("it must be a tar archive");
  return size;
}

import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { ArchiveIndex, type IndexedEntry, parseEntryPath } from "./archive_index.ts";
import { createYielder } from "../concurrency/delay.ts";
import { Spool } from "./spool.ts";
import { type ArchiveItem, decodeTar, encodeTar, type ParsedTarEntry } from "./tar.ts";
import { MAX_OVERHEAD_BYTES, notTaken, tarGate, unpacksTooLarge } from "./tar_gate.ts";

/** The first bytes of what gzip made: RFC 1952. */
const GZIP_MAGIC = [0x1f, 0x8b];
/** What is decompressed at once: it becomes at most a thousand times as much, all of it in memory. */
const COMPRESSED_SLICE_BYTES = 4_096;

/**
 * An archive that a client sent, whole and harmless: nothing in it leaves the workspace it is unpacked in, whatever
 * else it holds. Disposing gives back what it takes of the disk.
 */
export class CheckedArchive implements Disposable {
  readonly #spool: Spool;
  readonly #index: ArchiveIndex;

  private constructor(spool: Spool, index: ArchiveIndex) {
    this.#spool = spool;
    this.#index = index;
  }

  /**
   * Reads a tar archive, with gzip or without, to its end.
   *
   * @param options.directory where its content waits, in a file without a name
   * @param options.maxBytes what its files may hold together, copies by hard links included
   * @throws {CodeBeakerError} `permission_denied` for an entry that leaves the workspace or links out of it;
   *   `too_large`; `invalid_request` for what is no tar archive, holds a device, a pipe or a sparse file, or
   *   contradicts itself
   * @throws what the archive's source throws
   */
  static async read(
    archive: ReadableStream<Uint8Array>,
    { directory, maxBytes }: { readonly directory: string; readonly maxBytes: number },
  ): Promise<CheckedArchive> {
    const spool = Spool.open(directory);
    const source = new Source(archive, maxBytes);
    try {
      const tar = (await source.open()).pipeThrough(tarGate({ maxBytes }));
      return new CheckedArchive(spool, await readIndex(tar, { spool, maxBytes }));
    } catch (error) {
      spool[Symbol.dispose]();
      if (source.failure !== undefined) throw source.failure.error;
      if (error instanceof CodeBeakerError) throw error;
      throw notTaken(`it must be a whole tar archive: ${messageOf(error)}`, error);
    }
  }

  /** The archive anew: normal paths, directories, files and symlinks only, no owner and no attributes. */
  stream(): ReadableStream<Uint8Array> {
    return encodeTar(this.#items());
  }

  [Symbol.dispose](): void {
    this.#spool[Symbol.dispose]();
  }

  async *#items(): AsyncGenerator<ArchiveItem> {
    for (const entry of this.#index.values()) {
      if (entry.type !== "file") yield entry;
      else yield { ...entry, size: entry.range.length, content: this.#spool.read(entry.range) };
    }
  }
}

async function readIndex(
  tar: ReadableStream<Uint8Array>,
  { spool, maxBytes }: { readonly spool: Spool; readonly maxBytes: number },
): Promise<ArchiveIndex> {
  const index = new ArchiveIndex();
  const evictAll = createYielder();
  let copiedBytes = 0;
  for await (const entry of decodeTar(tar)) {
    await evictAll();
    refuseAttributes(entry);
    const offset = spool.size;
    for await (const bytes of entry.body) spool.append(bytes);
    const read = toEntry(entry, { index, range: { offset, length: spool.size - offset } });
    if (entry.header.type === "link" && read.type === "file") copiedBytes += read.range.length;
    if (spool.size + copiedBytes > maxBytes) throw unpacksTooLarge(maxBytes);
    index.add(read);
  }
  return index;
}

/** What an attribute says of an entry's bytes is not what its header says. */
function refuseAttributes({ header }: ParsedTarEntry): void {
  const names = Object.keys(header.pax ?? {});
  if (names.some((name) => name.startsWith("GNU.sparse."))) throw notTaken("it holds a sparse file");
  if (names.includes("size")) throw notTaken("the size of a file must stand in its header");
}

function toEntry(
  { header }: ParsedTarEntry,
  { index, range }: {
    readonly index: ArchiveIndex;
    readonly range: { readonly offset: number; readonly length: number };
  },
): IndexedEntry {
  const { linkname: target = "", mode = 0, mtime } = header;
  const common = { path: parseEntryPath(header.name), mode, modifiedMs: mtime?.getTime() ?? 0 };
  switch (header.type) {
    case "directory":
      return { ...common, type: "directory" };
    case "symlink":
      return { ...common, type: "symlink", target };
    case "link":
      return { ...common, type: "file", range: index.rangeOf(parseEntryPath(target)) };
    case "file":
      return { ...common, type: "file", range };
    default:
      throw notTaken("it holds what is no directory, file or link");
  }
}

/** Bytes of a client, up to a bound, which remembers why they could not be had to their end. */
class Source {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #maxBytes: number;
  #held: Uint8Array[] = [];
  #bytes = 0;
  failure: { readonly error: unknown } | undefined;

  constructor(archive: ReadableStream<Uint8Array>, maxBytes: number) {
    this.#reader = archive.getReader();
    this.#maxBytes = maxBytes;
  }

  /** All of them, decompressed. */
  async open(): Promise<ReadableStream<Uint8Array>> {
    const isCompressed = await this.#beginsWith(GZIP_MAGIC);
    const plain = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const bytes = this.#held.shift() ?? await this.#next();
        if (bytes === undefined) return controller.close();
        controller.enqueue(bytes);
      },
      cancel: (reason) => this.#reader.cancel(reason),
    }, { highWaterMark: 0 });
    if (!isCompressed) return plain;
    return plain.pipeThrough(slices()).pipeThrough(new DecompressionStream("gzip"));
  }

  async #beginsWith(magic: readonly number[]): Promise<boolean> {
    const first: number[] = [];
    while (first.length < magic.length) {
      const bytes = await this.#next();
      if (bytes === undefined) return false;
      this.#held.push(bytes);
      first.push(...bytes.subarray(0, magic.length));
    }
    return magic.every((byte, index) => first[index] === byte);
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { value } = await this.#reader.read().catch((error: unknown) => {
      this.failure = { error };
      throw error;
    });
    this.#bytes += value?.length ?? 0;
    if (this.#bytes > this.#maxBytes + MAX_OVERHEAD_BYTES) throw unpacksTooLarge(this.#maxBytes);
    return value;
  }
}

function slices(): TransformStream<Uint8Array, BufferSource> {
  return new TransformStream({
    transform(bytes, controller) {
      for (let at = 0; at < bytes.length; at += COMPRESSED_SLICE_BYTES) {
        controller.enqueue(bytes.slice(at, at + COMPRESSED_SLICE_BYTES));
      }
    },
  });
}

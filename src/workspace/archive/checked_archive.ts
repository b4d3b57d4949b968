import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { ArchiveIndex, type IndexedEntry, parseEntryPath } from "./archive_index.ts";
import { createYielder } from "../../concurrency/delay.ts";
import { Spool } from "../spool.ts";
import { type ArchiveItem, decodeTar, encodeTar, type ParsedTarEntry } from "./tar.ts";
import { ArchiveSource } from "./archive_source.ts";
import { invalidArchive, tarGate, unpackedTooLarge } from "./tar_gate.ts";

/**
 * A complete and checked archive of a client. No entry leaves the workspace that it is unpacked in. Disposing frees its
 * disk space.
 */
export class CheckedArchive implements Disposable {
  readonly #spool: Spool;
  readonly #index: ArchiveIndex;

  private constructor(spool: Spool, index: ArchiveIndex) {
    this.#spool = spool;
    this.#index = index;
  }

  /**
   * Reads and checks a tar archive, with gzip or without.
   *
   * @param options.directory the directory of the unnamed file that holds the content
   * @param options.maxBytes most bytes of all files, with the copies that hard links make
   * @throws {CodeBeakerError} `permission_denied` for an entry that leaves the workspace or links out of it;
   * `too_large`; `invalid_request` for a malformed archive, or one with a device, a pipe, a sparse file or conflicting
   * paths
   * @throws the error of the archive's stream
   */
  static async read(
    archive: ReadableStream<Uint8Array>,
    { directory, maxBytes }: { readonly directory: string; readonly maxBytes: number },
  ): Promise<CheckedArchive> {
    const spool = Spool.open(directory);
    const source = new ArchiveSource(archive, maxBytes);
    try {
      const tar = (await source.open()).pipeThrough(tarGate({ maxBytes }));
      return new CheckedArchive(spool, await readIndex(tar, { spool, maxBytes }));
    } catch (error) {
      spool[Symbol.dispose]();
      if (source.failure !== undefined) throw source.failure.error;
      if (error instanceof CodeBeakerError) throw error;
      throw invalidArchive(`it must be a whole tar archive: ${messageOf(error)}`, error);
    }
  }

  /**
   * Encodes the archive again. It has normal paths, and directories, files and symlinks only, without owners and
   * attributes.
   */
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
  const yieldToOthers = createYielder();
  let copiedBytes = 0;
  for await (const entry of decodeTar(tar)) {
    await yieldToOthers();
    checkAttributes(entry);
    const offset = spool.size;
    for await (const bytes of entry.body) spool.append(bytes);
    const read = toEntry(entry, { index, range: { offset, length: spool.size - offset } });
    if (entry.header.type === "link" && read.type === "file") copiedBytes += read.range.length;
    if (spool.size + copiedBytes > maxBytes) throw unpackedTooLarge(maxBytes);
    index.add(read);
  }
  return index;
}

/** Refuses attributes that contradict the size in the header. */
function checkAttributes({ header }: ParsedTarEntry): void {
  const names = Object.keys(header.pax ?? {});
  if (names.some((name) => name.startsWith("GNU.sparse."))) throw invalidArchive("it holds a sparse file");
  if (names.includes("size")) throw invalidArchive("the size of a file must be in its header");
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
      throw invalidArchive("it holds an entry other than a directory, file or link");
  }
}

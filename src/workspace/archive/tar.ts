import { createTarDecoder, createTarPacker, type ParsedTarEntry, type TarHeader } from "modern-tar";

export type { ParsedTarEntry } from "modern-tar";

/** The mode bits that make a file executable. */
const EXECUTE = 0o111;

/** Most seconds since 1970 that a header field holds in octal digits. */
const MAX_SECONDS = 8 ** 11 - 1;

/** One entry to encode. Its path is normal and relative. */
export type ArchiveItem =
  & { readonly path: string; readonly mode: number; readonly modifiedMs: number }
  & (
    | { readonly type: "directory" }
    | { readonly type: "symlink"; readonly target: string }
    /** The content is exactly `size` bytes long. */
    | { readonly type: "file"; readonly size: number; readonly content: AsyncIterable<Uint8Array> }
  );

/**
 * Encodes a tar archive, never ahead of its reader. The format is ustar, with PAX records where a field is too short.
 * The archive holds no owners, and of modes only whether a file is executable. The caller reads the stream to its end
 * or cancels it; cancelling ends `items` and calls `release`.
 */
export function encodeTar(
  items: AsyncIterable<ArchiveItem>,
  { release }: { release?(): Promise<void> } = {},
): ReadableStream<Uint8Array> {
  const source = pieces(items);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await source.return(undefined);
      await release?.();
    },
  }, { highWaterMark: 0 });
}

async function* pieces(items: AsyncIterable<ArchiveItem>): AsyncGenerator<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const reader = readable.getReader();
  let pending: ReturnType<typeof reader.read> | undefined;
  async function* takeEncoded(): AsyncGenerator<Uint8Array> {
    for (;;) {
      pending ??= reader.read();
      const result = await Promise.race([pending, undefined]);
      if (result === undefined) return;
      pending = undefined;
      if (result.done) return;
      yield result.value;
    }
  }
  for await (const item of items) {
    const writer = controller.add(toHeader(item)).getWriter();
    yield* takeEncoded();
    if (item.type === "file") {
      for await (const bytes of item.content) {
        await writer.write(bytes);
        yield* takeEncoded();
      }
    }
    await writer.close();
    yield* takeEncoded();
  }
  controller.finalize();
  yield* takeEncoded();
}

/**
 * Decodes the entries of a tar archive. The caller reads or cancels each body before it requests the next entry.
 *
 * @throws the error of the archive's stream, or an `Error` for a malformed or truncated archive
 */
export async function* decodeTar(archive: ReadableStream<Uint8Array>): AsyncGenerator<ParsedTarEntry> {
  const { readable, writable } = createTarDecoder({ strict: true });
  const leaving = new AbortController();
  archive.pipeTo(writable, { signal: leaving.signal }).catch(() => {}); // The reader of the entries gets the error.
  try {
    yield* readable;
  } finally {
    leaving.abort();
  }
}

function toHeader(item: ArchiveItem): TarHeader {
  const seconds = Number.isFinite(item.modifiedMs) ? Math.trunc(item.modifiedMs / 1000) : 0;
  const isOpen = item.type !== "file" || (item.mode & EXECUTE) !== 0;
  return {
    // With "./" before the path, no tool takes it for an option or strips its first character.
    name: item.type === "directory" ? `./${item.path}/` : `./${item.path}`,
    type: item.type,
    mode: isOpen ? 0o755 : 0o644,
    mtime: new Date(Math.min(Math.max(seconds, 0), MAX_SECONDS) * 1000),
    size: item.type === "file" ? item.size : 0,
    ...(item.type === "symlink" ? { linkname: item.target } : {}),
  };
}

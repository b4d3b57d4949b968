import { createTarDecoder, createTarPacker, type ParsedTarEntry, type TarHeader } from "modern-tar";

export type { ParsedTarEntry } from "modern-tar";

/** Bits of a mode by which somebody may run a file. */
const EXECUTE = 0o111;

/** The most seconds since 1970 that the field of a header holds in octal digits. */
const MAX_SECONDS = 8 ** 11 - 1;

/** One thing in an archive. Its path is normal and relative. */
export type ArchiveItem =
  & { readonly path: string; readonly mode: number; readonly modifiedMs: number }
  & (
    | { readonly type: "directory" }
    | { readonly type: "symlink"; readonly target: string }
    /** The content is exactly `size` bytes long. */
    | { readonly type: "file"; readonly size: number; readonly content: AsyncIterable<Uint8Array> }
  );

/**
 * A tar archive (ustar, with PAX records for what does not fit), made while it is read and never ahead of its reader. Nothing
 * of an owner goes into it, and of a mode only whether a file may be run. Whoever has the stream reads it to the end or
 * cancels it, which ends the items; where none was asked for yet there is nothing to end, and only `release` is called.
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
  let coming: ReturnType<typeof reader.read> | undefined;
  async function* made(): AsyncGenerator<Uint8Array> {
    for (;;) {
      coming ??= reader.read();
      const result = await Promise.race([coming, undefined]);
      if (result === undefined) return;
      coming = undefined;
      if (result.done) return;
      yield result.value;
    }
  }
  for await (const item of items) {
    const writer = controller.add(toHeader(item)).getWriter();
    yield* made();
    if (item.type === "file") {
      for await (const bytes of item.content) {
        await writer.write(bytes);
        yield* made();
      }
    }
    await writer.close();
    yield* made();
  }
  controller.finalize();
  yield* made();
}

/**
 * The entries of a tar archive, each with its body, which is read to its end or cancelled before the next one is asked for.
 * An archive without its end is told from a whole one.
 *
 * @throws what the archive's source throws, or an `Error` that says why it is no tar archive
 */
export async function* decodeTar(archive: ReadableStream<Uint8Array>): AsyncGenerator<ParsedTarEntry> {
  const { readable, writable } = createTarDecoder({ strict: true });
  const leaving = new AbortController();
  archive.pipeTo(writable, { signal: leaving.signal }).catch(() => {}); // Whoever reads the entries is told.
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
    // A path that begins with "./" is no option to anybody, and keeps its first character.
    name: item.type === "directory" ? `./${item.path}/` : `./${item.path}`,
    type: item.type,
    mode: isOpen ? 0o755 : 0o644,
    mtime: new Date(Math.min(Math.max(seconds, 0), MAX_SECONDS) * 1000),
    size: item.type === "file" ? item.size : 0,
    ...(item.type === "symlink" ? { linkname: item.target } : {}),
  };
}

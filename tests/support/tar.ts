import { packTar, type ParsedTarEntryWithData, type TarHeader, unpackTar } from "modern-tar";
import { concatBytes } from "../../src/core/bytes/bytes.ts";

/** An entry of an archive that a test makes: an empty file unless it says otherwise. */
export type TarEntry = Partial<TarHeader> & { readonly name: string; readonly text?: string };

/** The bytes of a whole tar archive. */
export async function makeTar(entries: readonly TarEntry[]): Promise<Uint8Array<ArrayBuffer>> {
  return await packTar(entries.map(({ text = "", ...header }) => {
    const body = new TextEncoder().encode(text);
    return { header: { type: "file", size: body.length, ...header }, body };
  }));
}

/** The same as a stream, in pieces of so many bytes. */
export async function tarStream(
  entries: readonly TarEntry[],
  { pieceBytes = 65_536 }: { readonly pieceBytes?: number } = {},
): Promise<ReadableStream<Uint8Array>> {
  return inPieces(await makeTar(entries), pieceBytes);
}

/** Bytes as a stream of pieces. */
export function inPieces(bytes: Uint8Array, pieceBytes = 65_536): ReadableStream<Uint8Array> {
  const count = Math.ceil(bytes.length / pieceBytes);
  const pieces = Array.from(
    { length: count },
    (_, index) => bytes.slice(index * pieceBytes, (index + 1) * pieceBytes),
  );
  return ReadableStream.from<Uint8Array>(pieces);
}

/** What an archive holds, in the order of its paths, as `path type target-or-text`. */
export async function readTar(archive: ReadableStream<Uint8Array>): Promise<string[]> {
  return (await unpackAll(archive)).map(({ header, data = new Uint8Array() }) => {
    const said = header.type === "symlink" ? header.linkname : new TextDecoder().decode(data);
    return `${header.name} ${header.type} ${said}`.trimEnd();
  });
}

/** The entries of a whole archive, in the order of their paths. */
export async function unpackAll(archive: ReadableStream<Uint8Array>): Promise<ParsedTarEntryWithData[]> {
  const bytes = concatBytes(await Array.fromAsync(archive));
  const entries = await unpackTar(bytes, { strict: true });
  return entries.toSorted((a, b) => a.header.name < b.header.name ? -1 : 1);
}

import { CodeBeakerError } from "../../../core/errors.ts";
import { parseWorkspacePath } from "../../../core/workspace_path.ts";
import { type ArchiveItem, decodeTar, type ParsedTarEntry } from "../../../workspace/archive/tar.ts";

/** Stands for bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

/**
 * Reads the items of an archive that tar(1) packed in a container. A program beside tar can forge any item, so the
 * items are checked and packed anew. Only directories, files and symlinks are taken, and only names that are UTF-8.
 *
 * @throws {CodeBeakerError} `conflict` for an incomplete archive; `permission_denied` for a path that leaves the
 *   workspace
 */
export async function* packedItems(archive: ReadableStream<Uint8Array>): AsyncGenerator<ArchiveItem> {
  for await (const entry of whole(decodeTar(archive))) {
    const item = toItem(entry);
    if (item !== undefined) yield item;
    if (item?.type !== "file") await entry.body.cancel();
  }
}

/** Gives an incomplete archive an error of its own, unlike that of a lost Engine. */
async function* whole<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* parts;
  } catch (cause) {
    if (cause instanceof CodeBeakerError) throw cause;
    throw new CodeBeakerError("conflict", "Cannot pack the workspace to its end as a program interferes", { cause });
  }
}

function toItem({ header, body }: ParsedTarEntry): ArchiveItem | undefined {
  const { linkname: target = "", mode = 0, mtime, name, size, type } = header;
  const path = parseWorkspacePath(name);
  if (path === "." || path.includes(REPLACEMENT)) return undefined;
  const common = { path, mode, modifiedMs: mtime?.getTime() ?? 0 };
  switch (type) {
    case "directory":
      return { ...common, type };
    case "symlink":
      return { ...common, type, target };
    case "file":
      return { ...common, type, size, content: whole(body) };
    default:
      return undefined;
  }
}

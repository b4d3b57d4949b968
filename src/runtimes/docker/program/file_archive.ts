import { packTar } from "modern-tar";
import type { Files } from "../files/pending_files.ts";

/** The unit in which `launch.sh` counts an archive. */
export const BLOCK_BYTES = 4_096;

/** Packs files into a tar archive of whole blocks; nothing for no files. */
export async function packArchive(files: Files): Promise<Uint8Array<ArrayBuffer>> {
  if (files.size === 0) return new Uint8Array();
  const archive = await packTar([...files].map(([name, data]) => ({
    header: { name, type: "file" as const, mode: 0o600, mtime: new Date(), size: data.length },
    body: data,
  })));
  const padded = new Uint8Array(Math.ceil(archive.length / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(archive);
  return padded;
}

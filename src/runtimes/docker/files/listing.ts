import { CodeBeakerError } from "../../../core/errors.ts";
import type { FileEntry } from "../../../core/files.ts";
import { checkDepth, MAX_ENTRIES, toTime, treeTooLarge } from "../../../workspace/file_tree.ts";

/** The longest record: Linux's longest path, and the fields before it. */
const MAX_RECORD_LENGTH = 8_192;

/** `S_IFMT` of stat(2), and the file types in it. */
const TYPE_MASK = 0xf000;
const TYPES: Readonly<Record<number, FileEntry["type"]>> = { 0x8000: "file", 0x4000: "directory", 0xa000: "symlink" };

/**
 * Parses a record of `stat -c '//%f %s %Y %n'` without its slashes. Its fields are the mode in hex, the size in bytes,
 * the seconds since 1970, and the path.
 */
export function parseEntry(record: string, path: string): FileEntry {
  const [mode = "", size = "", seconds = ""] = record.split(" ", 3);
  const type = TYPES[Number.parseInt(mode, 16) & TYPE_MASK] ?? "other";
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path,
    type,
    size: type === "file" ? Number(size) : 0,
    modifiedAt: toTime(Number(seconds) * 1000),
  };
}

/**
 * Reads a tree from the records of find(1), the top one first. A record begins with two slashes, which no path of find
 * has, so that names may hold newlines.
 *
 * @throws {CodeBeakerError} `too_large` for more than 10,000 entries, or more than 128 levels
 */
export async function readTree(
  chunks: AsyncIterable<Uint8Array>,
  { path, depth }: { readonly path: string; readonly depth: number },
): Promise<FileEntry> {
  const children = new Map<string, FileEntry[]>();
  let top: FileEntry | undefined;
  let count = 0;
  for await (const entry of readEntries(chunks, path)) {
    const full = entry.path;
    if (top === undefined) {
      checkDepth(path);
      top = entry;
      continue;
    }
    if (++count > MAX_ENTRIES) throw treeTooLarge(path, `it holds more than ${MAX_ENTRIES} entries`);
    if (entry.type === "directory" && levelsBelow(path, full) < depth) checkDepth(full);
    const above = full.includes("/") ? full.slice(0, full.lastIndexOf("/")) : ".";
    const siblings = children.get(above) ?? [];
    siblings.push(entry);
    children.set(above, siblings);
  }
  if (top === undefined) {
    throw new CodeBeakerError("runtime_unavailable", "Cannot list the files as the container has ended");
  }
  return { ...top, children: nest(path, { children, depth }) };
}

/** Reads the entries of a directory from the records of find(1), the directory itself first. */
export async function* readEntries(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<FileEntry> {
  let isTop = true;
  for await (const record of readRecords(chunks)) {
    const relative = record.slice(record.indexOf(" ./") + " ./".length, -1);
    const full = path === "." ? relative : `${path}/${relative}`;
    yield parseEntry(record, isTop ? path : full);
    isTop = false;
  }
}

/** How many levels a path lies below a directory. */
function levelsBelow(directory: string, path: string): number {
  const levels = path.split("/").length;
  return directory === "." ? levels : levels - directory.split("/").length;
}

function nest(
  path: string,
  { children, depth }: { readonly children: ReadonlyMap<string, FileEntry[]>; readonly depth: number },
): FileEntry[] {
  const entries = (children.get(path) ?? []).toSorted((a, b) => a.name < b.name ? -1 : 1);
  return entries.map((entry) =>
    entry.type !== "directory" || depth <= 1
      ? entry
      : { ...entry, children: nest(entry.path, { children, depth: depth - 1 }) }
  );
}

async function* readRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let partial = "";
  for await (const bytes of chunks) {
    const records = (partial + decoder.decode(bytes, { stream: true })).split("//");
    partial = records.pop() ?? "";
    for (const record of records) if (record !== "") yield record;
    if (partial.length > MAX_RECORD_LENGTH) {
      throw new CodeBeakerError("conflict", "Cannot list the files as a program interferes");
    }
  }
  if (partial !== "") yield partial;
}

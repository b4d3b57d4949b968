/** A file of the page that the browser loads. */
export interface Part {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The entity tag of its content (RFC 9110, 8.8.3). Weak, since it is the same when it is compressed. */
  readonly etag: string;
}

/** The type of a part, and how its text is imported. What is imported is in every package of the service. */
interface Source {
  readonly type: string;
  importText(): Promise<{ readonly default: string }>;
}

const SOURCES: Readonly<Record<string, Source>> = {
  "main.js": {
    type: "text/javascript; charset=utf-8",
    importText: () => import("./built/main.js", { with: { type: "text" } }),
  },
  "main.css": {
    type: "text/css; charset=utf-8",
    importText: () => import("./built/main.css", { with: { type: "text" } }),
  },
};

const read = new Map<string, Promise<Part>>();
const compressed = new WeakMap<Part, Promise<Uint8Array<ArrayBuffer>>>();

/** Reads a part; undefined for another name. It stays in memory from the first request on. */
export async function readPart(name: string): Promise<Part | undefined> {
  const source = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
  if (source === undefined) return undefined;
  const known = read.get(name) ?? load(source);
  read.set(name, known);
  try {
    return await known;
  } catch (error) {
    read.delete(name); // For example, no descriptors were left: the next request tries again.
    throw error;
  }
}

/** Compresses a part once. */
export async function compress(part: Part): Promise<Uint8Array<ArrayBuffer>> {
  const known = compressed.get(part) ?? gzip(part.bytes);
  compressed.set(part, known);
  return await known;
}

async function load({ type, importText }: Source): Promise<Part> {
  const bytes = new TextEncoder().encode((await importText()).default);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { type, bytes, etag: `W/"${digest.toHex().slice(0, 32)}"` };
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

import type { Context } from "hono";
import type { AppEnv } from "./app_env.ts";
import { isTagAmong } from "./file_conditions.ts";

/** A text of the service, and its media type. */
export interface TypedText {
  readonly text: string;
  readonly type: string;
}

/** A text that is served as a file. Its owner keeps it, so that it is encoded, hashed and compressed once. */
export interface KeptText {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The entity tag of its content (RFC 9110, 8.8.3). Weak, since it is the same when it is compressed. */
  readonly etag: string;
}

const compressed = new WeakMap<KeptText, Promise<Uint8Array<ArrayBuffer>>>();

/**
 * Keeps texts by their names from the first request for each on. A text that cannot be loaded is loaded again by the
 * next request, since descriptors may be short for a while.
 *
 * @param load loads a text; undefined for a name that has none, which is not kept
 */
export function keepTexts(
  load: (name: string) => Promise<TypedText | undefined>,
): (name: string) => Promise<KeptText | undefined> {
  const kept = new Map<string, Promise<KeptText | undefined>>();
  return async (name) => {
    const known = kept.get(name);
    if (known !== undefined) return await known;
    const made = load(name).then((loaded) => loaded && keep(loaded));
    kept.set(name, made);
    let text: KeptText | undefined;
    try {
      return text = await made;
    } finally {
      if (text === undefined) kept.delete(name);
    }
  };
}

/** Answers with a text. It is compressed where the client takes that, and a 304 where the client has it. */
export async function sendText(
  context: Context<AppEnv>,
  text: KeptText,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { bytes, etag, type } = text;
  const all = { ...headers, etag, "cache-control": "no-cache", "vary": "Accept-Encoding" };
  if (isTagAmong(context.req.header("if-none-match") ?? "", etag)) return context.body(null, 304, all);
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(context.req.header("accept-encoding") ?? "");
  if (!takesGzip) return context.body(bytes, 200, { ...all, "content-type": type });
  return context.body(await compress(text), 200, { ...all, "content-type": type, "content-encoding": "gzip" });
}

async function keep({ text, type }: TypedText): Promise<KeptText> {
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { type, bytes, etag: `W/"${digest.toHex().slice(0, 32)}"` };
}

async function compress(text: KeptText): Promise<Uint8Array<ArrayBuffer>> {
  const known = compressed.get(text) ?? gzip(text.bytes);
  compressed.set(text, known);
  return await known;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

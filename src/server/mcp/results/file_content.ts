import type { EncodedContent } from "../../../core/requests/content.ts";
import type { ContentBlock, EmbeddedResource } from "../tools/tool.ts";

/** Images that clients show, by their extension. */
const IMAGES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
};

/** The types of {@link IMAGES}. */
export const IMAGE_TYPES: readonly string[] = [...new Set(Object.values(IMAGES))];

/** A file's path and content. */
export interface ShownFile extends EncodedContent {
  readonly path: string;
  readonly uri: string;
}

/** The MIME type of a file. An image has it by its name. */
export function mimeTypeOf({ path, encoding }: Pick<ShownFile, "path" | "encoding">): string {
  const image = IMAGES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
  if (encoding === "utf8") return "text/plain";
  return image ?? "application/octet-stream";
}

/** Shows a file in a result: images as images. */
export function toBlock(file: ShownFile): ContentBlock {
  const mimeType = mimeTypeOf(file);
  return IMAGE_TYPES.includes(mimeType)
    ? { type: "image", data: file.content, mimeType }
    : { type: "resource", resource: toEmbedded(file) };
}

/** The content of a file as resources have it. */
export function toEmbedded({ content, ...file }: ShownFile): EmbeddedResource {
  const named = { uri: file.uri, mimeType: mimeTypeOf(file) };
  return file.encoding === "utf8" ? { ...named, text: content } : { ...named, blob: content };
}

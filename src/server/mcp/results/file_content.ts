import type { EncodedContent } from "../../../core/requests/content.ts";
import { IMAGE_TYPES, imageTypeOf } from "./image_type.ts";
import type { ContentBlock, EmbeddedResource } from "../tools/tool.ts";

/** Extensions of images. */
const IMAGES: ReadonlySet<string> = new Set(["png", "jpg", "jpeg", "gif", "webp"]);

/** A file's path and content. */
export interface ShownFile extends EncodedContent {
  readonly path: string;
  readonly uri: string;
}

/** Whether a file is an image by its name. */
export function isNamedImage(path: string): boolean {
  return IMAGES.has(path.slice(path.lastIndexOf(".") + 1).toLowerCase());
}

/** The MIME type of a file. An image is one by its name and by its first bytes. */
export function mimeTypeOf({ content, encoding, path }: Pick<ShownFile, "content" | "encoding" | "path">): string {
  if (encoding === "utf8") return "text/plain";
  return (isNamedImage(path) ? imageTypeOf(content) : undefined) ?? "application/octet-stream";
}

/** Shows a file in a result: images as images. */
export function toBlock(file: ShownFile): ContentBlock {
  const mimeType = mimeTypeOf(file);
  return IMAGE_TYPES.includes(mimeType)
    ? { type: "image", data: file.content, mimeType }
    : { type: "resource", resource: toEmbedded(file) };
}

/** The content of a file as resources have it. */
export function toEmbedded(file: ShownFile): EmbeddedResource {
  const named = { uri: file.uri, mimeType: mimeTypeOf(file) };
  return file.encoding === "utf8" ? { ...named, text: file.content } : { ...named, blob: file.content };
}

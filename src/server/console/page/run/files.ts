import type { FormFile } from "./program_form.ts";

/** Reads chosen files. Those that are UTF-8 without a NUL are text, the others base64. */
export async function readFiles(chosen: Iterable<File> | null | undefined): Promise<FormFile[]> {
  return await Promise.all([...chosen ?? []].map(async (file) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return { path: file.name, ...encode(bytes) };
  }));
}

function encode(bytes: Uint8Array): Pick<FormFile, "content" | "encoding"> {
  if (!bytes.includes(0)) {
    try {
      return { content: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), encoding: "utf8" };
    } catch {
      // The bytes are no text.
    }
  }
  let binary = "";
  for (let start = 0; start < bytes.length; start += 8_192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8_192));
  }
  return { content: btoa(binary), encoding: "base64" };
}

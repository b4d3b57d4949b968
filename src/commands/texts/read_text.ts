import { CodeBeakerError } from "../../core/errors.ts";
import type { WorkspaceFiles } from "../../runtimes/port.ts";

/** Most bytes of a file that a command reads at once. */
export const MAX_READ_BYTES = 16_777_216;

/**
 * Reads a whole file as text.
 *
 * @throws {CodeBeakerError} `too_large` over {@link MAX_READ_BYTES}; `invalid_request` for bytes that are not UTF-8
 */
export async function readText(files: WorkspaceFiles, path: string): Promise<string> {
  const bytes = await new Response(await files.read(path, { length: MAX_READ_BYTES + 1 })).bytes();
  const shown = JSON.stringify(path);
  if (bytes.length > MAX_READ_BYTES) {
    throw new CodeBeakerError(
      "too_large",
      `Cannot take ${shown} as a file to compare must be at most ${MAX_READ_BYTES} bytes long`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CodeBeakerError("invalid_request", `Cannot take ${shown} as its content must be UTF-8`, { cause });
  }
}

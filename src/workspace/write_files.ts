import type { RequestFile } from "../core/requests/execution_request.ts";
import { createYielder } from "../concurrency/delay.ts";

/** Where files are written. */
interface WritableFiles {
  write(path: string, content: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Writes the files of a request, one after the other, and lets nobody else wait for all of them. */
export async function writeFiles(to: WritableFiles, files: readonly RequestFile[]): Promise<void> {
  const evictAll = createYielder();
  for (const { path, bytes } of files) {
    await to.write(path, bytes);
    await evictAll();
  }
}

import type { RequestFile } from "../core/requests/request_files.ts";
import { createYielder } from "../concurrency/delay.ts";

/** The destination of files. */
interface WritableFiles {
  write(path: string, content: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Writes the files of a request one by one. Yields to other work in between. */
export async function writeFiles(to: WritableFiles, files: readonly RequestFile[]): Promise<void> {
  const yieldToOthers = createYielder();
  for (const { path, bytes } of files) {
    await to.write(path, bytes);
    await yieldToOthers();
  }
}

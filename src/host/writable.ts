import { messageOf } from "../core/errors.ts";

/** Bytes of a trial file. They are more than a page of any file system. */
const TRIAL_BYTES = 65_536;

/**
 * Tries to write a file into a directory. Returns why that fails, such as a full disk; undefined where it succeeds.
 * Nothing is left there.
 */
export async function whyUnwritable(directory: string): Promise<string | undefined> {
  try {
    const path = await Deno.makeTempFile({ dir: directory, prefix: ".trial_" });
    try {
      await Deno.writeFile(path, new Uint8Array(TRIAL_BYTES));
    } finally {
      await Deno.remove(path);
    }
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

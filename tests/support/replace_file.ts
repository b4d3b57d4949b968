/** Replaces the text of a file in one step. A reader finds the old text or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = await Deno.makeTempFile();
  await Deno.writeTextFile(next, text);
  await Deno.rename(next, path);
}

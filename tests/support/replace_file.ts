/** Gives a file another text in one step: whoever looks at it finds the old text or the new one, and never half of it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = await Deno.makeTempFile();
  await Deno.writeTextFile(next, text);
  await Deno.rename(next, path);
}

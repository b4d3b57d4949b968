/** Waits until something is true, at most so long. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  what: string,
  { timeoutMs = 60_000 }: { readonly timeoutMs?: number } = {},
): Promise<void> {
  for (const giveUpAt = performance.now() + timeoutMs; performance.now() < giveUpAt;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`It never came true that ${what}`);
}

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

/** How often a count is found as it was before it has stalled: a process that gets no core stands still for a while too. */
const STALLED_LOOKS = 5;

/** Waits until a count that has begun goes no further. */
export async function untilStalled(count: () => Promise<number> | number, what: string): Promise<void> {
  let before = 0;
  let looks = 0;
  await until(async () => {
    const now = await count();
    looks = before > 0 && now === before ? looks + 1 : 0;
    before = now;
    return looks === STALLED_LOOKS;
  }, what);
}

/** Holds the thread for longer than work should do without a yield. */
export function holdThread(): void {
  const end = performance.now() + 30;
  while (performance.now() < end);
}

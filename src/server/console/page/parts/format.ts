/** A duration in plain units. */
export function formatMs(ms: number): string {
  if (ms > 0 && ms < 0.1) return "< 0.1 ms";
  if (ms < 10) return `${trim(ms.toFixed(1))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${trim((ms / 1_000).toFixed(ms < 10_000 ? 2 : 1))} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round(ms % 60_000 / 1_000)} s`;
}

/** A size in plain units. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${trim((bytes / 1_024).toFixed(1))} KB`;
  if (bytes < 1_073_741_824) return `${Math.round(bytes / 1_048_576)} MB`;
  return `${trim((bytes / 1_073_741_824).toFixed(1))} GB`;
}

/** A day of 24 hours, which takes little room. */
const CLOCK = { hourCycle: "h23" } as const;

/** A time of day, or the date before it where that is not today. */
export function formatTime(iso: string, now: number): string {
  const time = new Date(iso);
  const isToday = new Date(now).toDateString() === time.toDateString();
  return isToday ? time.toLocaleTimeString([], CLOCK) : time.toLocaleString([], CLOCK);
}

function trim(text: string): string {
  return text.replace(/\.0+$/, "");
}

/** Characters of a text that are read. */
const MAX_READ = 4_096;

/** Takes whole lines of a long text, up to a statement of the module. A short text stays whole. */
export function beginningOf(text: string): string {
  if (text.length <= MAX_READ) return text;
  const [beginning = ""] = /^[^]*\n(?=[^\s#)\]}"'])/.exec(text.slice(0, MAX_READ)) ?? [];
  return beginning;
}

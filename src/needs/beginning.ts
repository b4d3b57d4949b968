/** Takes whole lines of a long text, up to a statement of the module. A short text stays whole. */
export function beginningOf(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const [beginning = ""] = /^[^]*\n(?=[^\s#)\]}"'])/.exec(text.slice(0, maxLength)) ?? [];
  return beginning;
}

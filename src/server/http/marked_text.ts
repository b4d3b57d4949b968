import type { Execution, OutputStream } from "../../core/execution.ts";

/** The kept text of a stream, with a mark where bytes are left out. */
export function markedText(execution: Execution, stream: OutputStream): string {
  const { [stream]: text, truncated, truncatedAt } = execution;
  const at = truncatedAt?.[stream];
  if (at === undefined) return text;
  return `${text.slice(0, at)}\n[… ${truncated[stream]} bytes are left out here …]\n${text.slice(at)}`;
}

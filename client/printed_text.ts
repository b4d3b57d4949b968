import type { Execution } from "./types.ts";

/** The kept text of a stream, with a mark where bytes are left out. */
export function markedText(execution: Execution, stream: "stdout" | "stderr"): string {
  const { [stream]: text, truncated, truncatedAt } = execution;
  const at = truncatedAt?.[stream];
  if (at === undefined) return text;
  return `${text.slice(0, at)}\n[… ${truncated[stream]} bytes are left out here …]\n${text.slice(at)}`;
}

/** Says how a command ended that did not exit by itself; else empty. */
export function endingNote({ outcome }: Execution): string {
  return outcome.kind === "exited" ? "" : `[The command was ended: ${JSON.stringify(outcome)}]`;
}

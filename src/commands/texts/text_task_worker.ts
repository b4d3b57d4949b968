/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { doTextTask, type TextTaskKind, type TextTasks } from "./text_tasks.ts";

/** The one message that the Worker receives. */
export interface TextMessage<Kind extends TextTaskKind = TextTaskKind> {
  readonly kind: Kind;
  readonly input: TextTasks[Kind]["input"];
}

/** Does one task in a Worker, and answers with its output. */
self.onmessage = ({ data: { kind, input } }: MessageEvent<TextMessage>) => self.postMessage(doTextTask(kind, input));

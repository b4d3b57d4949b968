/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { doTextTask, type TextTaskKind, type TextTasks } from "./text_tasks.ts";

/** What it is sent. */
export interface TextMessage<Kind extends TextTaskKind = TextTaskKind> {
  readonly kind: Kind;
  readonly asked: TextTasks[Kind]["asked"];
}

/** Runs in a Worker, which does one task and answers with what came of it. */
self.onmessage = ({ data: { kind, asked } }: MessageEvent<TextMessage>) => self.postMessage(doTextTask(kind, asked));

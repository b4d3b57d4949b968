import { doTextTask, type TextTaskKind, type TextTasks } from "./text_tasks.ts";

/** The one message that the Worker receives. */
export interface TextMessage<Kind extends TextTaskKind = TextTaskKind> {
  readonly kind: Kind;
  readonly input: TextTasks[Kind]["input"];
}

/** What a worker sees of itself. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: { readonly data: TextMessage }) => void): void;
  postMessage(output: TextTasks[TextTaskKind]["output"]): void;
}

/** Does one task in a Worker, and answers with its output. */
const scope = globalThis as unknown as WorkerScope;
scope.addEventListener("message", ({ data: { kind, input } }) => scope.postMessage(doTextTask(kind, input)));

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { createOpenApiDocument } from "./document.ts";

/** The text that the Worker answers with. */
export type DocumentText = string;

/** Makes the document in a Worker, and answers with its text. The message has no content. */
self.onmessage = () => {
  const text: DocumentText = JSON.stringify(createOpenApiDocument());
  self.postMessage(text);
};

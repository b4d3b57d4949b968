import { runWorker } from "../../concurrency/run_worker.ts";
import type { DocumentText } from "./document_worker.ts";

const WORKER = new URL("./document_worker.ts", import.meta.url);

/** Longest time to make the document. An idle machine takes a fraction of a second. */
const DEADLINE_MS = 60_000;

/**
 * Makes the text of the OpenAPI document. A Worker makes it, so that no other request waits for it, and its memory is
 * free afterwards.
 *
 * @throws {CodeBeakerError} `internal`, `too_large`
 */
export async function createDocumentText(): Promise<string> {
  return await runWorker<DocumentText>(WORKER, null, { deadlineMs: DEADLINE_MS });
}

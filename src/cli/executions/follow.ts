import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { CodeBeakerError, hasCode } from "../../core/errors.ts";
import type { CommandContext } from "../context.ts";
import { exitCodeOfSignal } from "../exit_code.ts";
import { interruptible } from "../interruptible.ts";
import { ServiceClient, type ServiceFlags } from "../service_client.ts";
import { readEvent, showAsJson, showAsText } from "./events.ts";

/** Most attempts to resume a broken stream without an event in between. */
const MAX_RETRIES = 10;
const RETRY_DELAY_MS = 500;

/**
 * Shows the events of a service's execution until its end, also over broken connections. Returns the exit code of the
 * program.
 */
export async function followExecution(
  { id, flags }: { readonly id: string; readonly flags: ServiceFlags },
  context: CommandContext,
): Promise<number> {
  const client = new ServiceClient(flags, context);
  using interrupt = interruptible();
  const { signal } = interrupt;
  const show = flags.json ? showAsJson : showAsText;
  const path = `/v1/executions/${encodeURIComponent(id)}/events`;
  let lastEventId: string | undefined;
  for (let retries = 0; retries <= MAX_RETRIES; retries++) {
    if (retries > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    for await (const event of readEvents(client, path, { lastEventId, signal })) {
      const exitCode = await show(readEvent(event), context);
      if (exitCode !== undefined) return exitCode;
      lastEventId = event.id ?? lastEventId;
      retries = 0;
    }
    if (signal.aborted) return exitCodeOfSignal(String(signal.reason));
  }
  throw new CodeBeakerError(
    "runtime_unavailable",
    `Cannot follow the execution to its end as the stream of its events broke off ${MAX_RETRIES} times: ask for it again later`,
  );
}

/**
 * Reads the events of one connection, until it breaks. An unreachable service is an error only before the first event
 * of an execution: later it may be starting again.
 */
async function* readEvents(
  client: ServiceClient,
  path: string,
  { lastEventId, signal }: { readonly lastEventId: string | undefined; readonly signal: AbortSignal },
): AsyncGenerator<EventSourceMessage> {
  let hasRead = lastEventId !== undefined;
  const resumed = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  try {
    const body = await client.askEvents(path, { headers: resumed, signal });
    if (body === null) return;
    for await (const event of body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())) {
      hasRead = true;
      yield event;
    }
  } catch (error) {
    const isBroken = hasCode(error, "runtime_unavailable") || !(error instanceof CodeBeakerError);
    if (!signal.aborted && !(hasRead && isBroken)) throw error;
  }
}

import { checkEvent } from "./documented.ts";

/** One server-sent event; a comment is an event without an id whose name is empty. */
export interface ServerEvent {
  readonly id: number | undefined;
  readonly event: string;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** The events of a stream as they come; what follows the last blank line is no event. */
export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield parseEvent(block);
  }
  if (rest !== "") throw new Error(`The stream broke off within an event: ${rest}`);
}

function parseEvent(block: string): ServerEvent {
  const fields = new Map(
    block.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const id = fields.get("id");
  const event = fields.get("event") ?? "";
  const data = JSON.parse(fields.get("data") ?? "null");
  checkEvent(event, data);
  return { id: id === undefined ? undefined : Number(id), event, data };
}

/** The next event of a stream. */
export async function nextEvent(events: AsyncIterator<ServerEvent>): Promise<ServerEvent> {
  const { value, done } = await events.next();
  if (done === true) throw new Error("The stream is over");
  return value;
}

/** Whether each event has a higher id than the one before. */
export function haveIncreasingIds(events: readonly ServerEvent[]): boolean {
  const ids = events.map(({ id }) => id ?? Number.NaN);
  return ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? Number.NaN));
}

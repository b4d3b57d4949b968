import { assertEquals } from "@std/assert";
import { EventStream } from "../../../src/server/http/event_stream.ts";
import { nextEvent, serverEvents } from "../../support/server_events.ts";

const NEVER = new AbortController().signal;

/** Lets everything happen that can happen by itself. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

Deno.test("EventStream writes one event after the other, each with its id", async () => {
  const stream = new EventStream(NEVER);
  stream.send("1", { event: "stdout", data: { text: 'a\n\nevent: fake\r"é\u2028' } });
  stream.send("36", { event: "completed", data: { id: "exec_1" } });
  stream.close();
  assertEquals(
    await new Response(stream.body).text(),
    'id: 1\nevent: stdout\ndata: {"text":"a\\n\\nevent: fake\\r\\"é\u2028"}\n\n' +
      'id: 36\nevent: completed\ndata: {"id":"exec_1"}\n\n',
  );
  assertEquals(stream.abandoned.aborted, false);
});

Deno.test("EventStream.send() returns when the reader took the event, and not before", async () => {
  const stream = new EventStream(NEVER);
  const taken: number[] = [];
  const sends = [1, 2, 3].map((number) =>
    stream.send("1", { event: "stdout", data: { number } }).then(() => taken.push(number))
  );
  await settle();
  assertEquals(taken, []);
  const reader = stream.body.getReader();
  await reader.read();
  await settle();
  assertEquals(taken, [1]);
  await reader.read();
  await settle();
  assertEquals(taken, [1, 2]);
  await reader.read();
  await Promise.all(sends);
  assertEquals(taken, [1, 2, 3]);
});

Deno.test("EventStream is open from the first thing it sends", async () => {
  const stream = new EventStream(NEVER);
  assertEquals(stream.isOpen, false);
  stream.send("1", { event: "started", data: {} });
  await stream.opened;
  assertEquals(stream.isOpen, true);
  await stream.body.cancel();
});

Deno.test("EventStream is abandoned when its reader goes away, and then blocks no writer", async () => {
  const stream = new EventStream(NEVER);
  const waiting = stream.send("1", { event: "stdout", data: { text: "a" } });
  await stream.body.cancel();
  await aborted(stream.abandoned);
  await waiting;
  await stream.send("1", { event: "stdout", data: { text: "b" } });
  await stream.close();
});

Deno.test("EventStream is abandoned when its reader is known to be gone, also from the beginning", async () => {
  const gone = new AbortController();
  const stream = new EventStream(gone.signal);
  const waiting = stream.send("1", { event: "stdout", data: { text: "a" } });
  gone.abort();
  await aborted(stream.abandoned);
  await waiting;
  await stream.close();
  const late = new EventStream(AbortSignal.abort());
  await aborted(late.abandoned);
  await late.send("1", { event: "stdout", data: { text: "a" } });
});

Deno.test("EventStream is not abandoned by a reader that went on to the end, nor by a signal after it", async () => {
  const gone = new AbortController();
  const stream = new EventStream(gone.signal);
  const reading = new Response(stream.body).text();
  await stream.send("1", { event: "stdout", data: {} });
  await stream.close();
  await reading;
  gone.abort();
  await settle();
  assertEquals(stream.abandoned.aborted, false);
});

Deno.test("EventStream.pingEvery() sends comments while nothing else is sent, which take no id", async () => {
  const stream = new EventStream(NEVER);
  using _pings = stream.pingEvery(100);
  const events = serverEvents(stream.body);
  assertEquals([await nextEvent(events), await nextEvent(events)], [
    { id: undefined, event: "", data: null },
    { id: undefined, event: "", data: null },
  ]);
  stream.send("1", { event: "stdout", data: { text: "a" } });
  const named = await (async () => {
    for await (const event of events) if (event.event !== "") return event;
  })();
  assertEquals(named, { id: 1, event: "stdout", data: { text: "a" } });
});

Deno.test("EventStream.pingEvery() gives up a reader that takes nothing, and piles up nothing before it", async () => {
  const stream = new EventStream(NEVER);
  using _pings = stream.pingEvery(1);
  const waiting = stream.send("1", { event: "stdout", data: { text: "a" } });
  await aborted(stream.abandoned);
  await waiting;
  assertEquals(await new Response(stream.body).text(), "");
});

Deno.test("EventStream.pingEvery() keeps a reader that takes one thing now and then", async () => {
  const stream = new EventStream(NEVER);
  using _pings = stream.pingEvery(20);
  const reader = stream.body.getReader();
  for (let round = 0; round < 8; round++) {
    stream.send("1", { event: "stdout", data: { round } });
    await new Promise((resolve) => setTimeout(resolve, 25));
    await reader.read();
  }
  assertEquals(stream.abandoned.aborted, false);
  await reader.cancel();
});

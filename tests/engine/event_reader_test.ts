import { assert, assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { OutputStream } from "../../src/core/execution.ts";
import { checkReached, readEvents } from "../../src/engine/event_reader.ts";
import { describeEnd } from "../../src/commands/mod.ts";
import { LiveExecution } from "../../src/engine/live_execution.ts";
import type { EventPosition, ExecutionEvent } from "../../src/engine/port.ts";
import { recordedEvents } from "../../src/engine/recorded_events.ts";
import { rawOutputOf } from "../../src/engine/raw_output.ts";
import { CALLER } from "../support/engine_of.ts";
import { fakeExecution } from "../support/fake_ports.ts";

const NEVER = new AbortController().signal;
const BEGIN: EventPosition = { stdout: 0, stderr: 0, displays: 0 };

function liveExecution(maxOutputBytes = 1_000): LiveExecution {
  const facts = { id: "exec_1", caller: CALLER, language: "typescript", createdAt: "2026-01-01T00:00:00.000Z" };
  return new LiveExecution(facts, { maxOutputBytes, isFed: false });
}

function print(live: LiveExecution, text: string | Uint8Array, stream: OutputStream = "stdout"): void {
  live.kept[stream].push(typeof text === "string" ? new TextEncoder().encode(text) : text);
}

/** Ends it with its output as its result. */
function end(live: LiveExecution): ReturnType<typeof recordedEvents> {
  const { outcome, usage } = fakeExecution();
  const execution = fakeExecution({ ...describeEnd({}, { kept: live.kept, outcome, usage }), displays: [] });
  live.settle(execution);
  return recordedEvents({ kind: "ended", execution }, rawOutputOf(execution, live.output));
}

/** The events that a reader gets, without waiting for a further one. */
async function read(
  source: Parameters<typeof readEvents>[0],
  after?: EventPosition,
): Promise<readonly ExecutionEvent[]> {
  const events: ExecutionEvent[] = [];
  const leaving = new AbortController();
  const reader = readEvents({
    ...partsOf(source),
    changes: {
      count: 0,
      changedSince: () => Promise.resolve(leaving.abort()),
    },
  }, { after, signal: leaving.signal });
  for await (const event of reader) events.push(event);
  return events;
}

function partsOf(source: Parameters<typeof readEvents>[0]) {
  return { start: source.start, output: source.output, displays: source.displays, end: source.end };
}

function textOf(events: readonly ExecutionEvent[], stream: OutputStream): string {
  return events.map((event) => event.kind === "output" && event.stream === stream ? event.text : "").join("");
}

/** Events without the positions. */
function plain(events: readonly ExecutionEvent[]): unknown[] {
  return events.map((event) => {
    switch (event.kind) {
      case "output":
        return [event.stream, event.text];
      case "dropped":
        return ["dropped", event.stdout, event.stderr, event.displays];
      case "display":
        return ["display", event.data];
      default:
        return [event.kind];
    }
  });
}

Deno.test("readEvents() reads start, output and end as they come, from a live execution", async () => {
  const live = liveExecution();
  const events = readEvents(live, { signal: NEVER });
  const next = async () => (await events.next()).value;
  const first = next();
  live.begin("fake");
  assertEquals(await first, { kind: "started", id: "exec_1", runtime: "fake", position: BEGIN });
  for (const text of ["a", "é€"]) {
    const printed = next();
    print(live, text);
    const event = await printed;
    assertEquals([event?.kind, event?.kind === "output" && event.text], ["output", text]);
  }
  const last = next();
  end(live);
  assertEquals((await last)?.position, { stdout: 6, stderr: 0, displays: 0 });
  assertEquals((await events.next()).done, true);
  assertEquals(live.changes.waiting, 0);
});

Deno.test("readEvents() continues after every event without repeating or losing any, also after the end", async () => {
  const live = liveExecution();
  live.begin("fake");
  print(live, "aé");
  print(live, "err😀", "stderr");
  live.display({ "text/plain": "1" });
  print(live, "z");
  live.display({ "text/plain": "2" });
  const whole = await read(live);
  assertEquals(plain(whole), [
    ["started"],
    ["stdout", "aé"],
    ["stderr", "err😀"],
    ["display", { "text/plain": "1" }],
    ["stdout", "z"],
    ["display", { "text/plain": "2" }],
  ]);
  for (const [index, { position }] of whole.entries()) {
    assertEquals(await read(live, position), whole.slice(index + 1));
  }
});

Deno.test("readEvents() gives a reader the same text whatever it had, while it runs and from the record", async () => {
  const text = "aé€😀\u{feff}b";
  const bytes = new TextEncoder().encode(text);
  const live = liveExecution();
  live.begin("fake");
  const positions = [BEGIN];
  const events = readEvents(live, { signal: NEVER });
  await events.next();
  for (const byte of bytes) {
    print(live, Uint8Array.of(byte));
    const { position } = (await read(live, positions.at(-1))).at(-1) ?? {};
    if (position !== undefined) positions.push(position);
  }
  assertEquals(positions.length, [...text].length + 1); // Only between characters.
  const record = end(live);
  for (const [index, position] of positions.entries()) {
    const rest = [...text].slice(index).join("");
    assertEquals(textOf(await read(live, position), "stdout"), rest);
    const recorded = await read(record, position);
    assertEquals([textOf(recorded, "stdout"), recorded.at(-1)?.kind], [rest, "ended"]);
  }
  await events.return();
});

Deno.test("readEvents() waits for the rest of a character, and shows one that never comes as broken at the end", async () => {
  const live = liveExecution();
  live.begin("fake");
  print(live, Uint8Array.of(0x61, 0xf0, 0x9f));
  assertEquals(plain(await read(live)), [["started"], ["stdout", "a"]]);
  end(live);
  assertEquals(plain(await read(live)), [["started"], ["stdout", "a"], ["stdout", "\ufffd"], ["ended"]]);
});

Deno.test("readEvents() continues in the record of output that is no UTF-8 where it stopped in the live one", async () => {
  for (const maxOutputBytes of [1_000, 14]) {
    const live = liveExecution(maxOutputBytes);
    live.begin("fake");
    print(
      live,
      Uint8Array.of(0xff, 0x61, 0xf0, 0x9f, 0x62, 0xc3, 0xa9, 0x80, 0x80, 0x63, 0xe2, 0x82, 0xac, 0xfe, 0xff),
    );
    print(live, Uint8Array.of(0x64, 0xf0, 0x9f), "stderr");
    const record = end(live);
    const whole = await read(live);
    assertEquals(await read(record), whole);
    for (let stdout = 0; stdout <= 15; stdout++) {
      for (const stderr of [0, 1, 3]) {
        const position = { ...BEGIN, stdout, stderr };
        assertEquals(await read(record, position), await read(live, position));
      }
    }
  }
});

Deno.test("readEvents() counts what is not kept in its place, and what a cut divides with it", async () => {
  const live = liveExecution(8);
  live.begin("fake");
  print(live, "a€€€€€"); // 16 bytes, of which 4 and 4 are kept.
  assertEquals(plain(await read(live)), [["started"], ["stdout", "a€"], ["dropped", 9, 0, 0], ["stdout", "€"]]);
  print(live, "€");
  const after = { ...BEGIN, stdout: 4 };
  assertEquals(plain(await read(live, after)), [["dropped", 12, 0, 0], ["stdout", "€"]]);
  assertEquals(plain(await read(live, { ...BEGIN, stdout: 16 })), [["stdout", "€"]]);
  live.display({ "text/plain": "longer than four bytes" });
  assertEquals(plain(await read(live, { ...BEGIN, stdout: 19 })), [["dropped", 0, 0, 1]]);
});

Deno.test("readEvents() shows a display in its place, also in a gap", async () => {
  const live = liveExecution(60);
  live.begin("fake");
  print(live, "€".repeat(10));
  print(live, "a");
  live.display({ a: 1 });
  print(live, `${"€".repeat(20)}b`);
  assertEquals(plain(await read(live)), [
    ["started"],
    ["stdout", "€".repeat(10)],
    ["dropped", 34, 0, 0],
    ["display", { a: 1 }],
    ["stdout", `${"€".repeat(9)}b`],
  ]);
});

Deno.test("readEvents() counts everything where nothing may be kept", async () => {
  const live = liveExecution(0);
  live.begin("fake");
  print(live, "abc");
  print(live, "d", "stderr");
  const record = end(live);
  for (const source of [live, record]) {
    const events = await read(source);
    assertEquals(plain(events), [["started"], ["dropped", 3, 0, 0], ["dropped", 0, 1, 0], ["ended"]]);
  }
});

Deno.test("readEvents() sends a slow reader at most 64 KiB at once, and counts what the program printed meanwhile", async () => {
  const live = liveExecution(400_000);
  live.begin("fake");
  print(live, "x".repeat(300_000));
  const events = readEvents(live, { signal: NEVER });
  await events.next();
  const first = (await events.next()).value;
  assert(first?.kind === "output");
  assertEquals(first.text.length, 65_536);
  print(live, "y".repeat(1_000_000));
  end(live);
  const rest: ExecutionEvent[] = [first];
  for await (const event of events) rest.push(event);
  assertEquals(textOf(rest, "stdout"), "x".repeat(200_000) + "y".repeat(200_000));
  const dropped = rest.flatMap((event) => event.kind === "dropped" ? [event.stdout] : []);
  assertEquals(dropped, [900_000]);
});

Deno.test("readEvents() leaves nothing behind when its reader goes away", async () => {
  const live = liveExecution();
  const gone = new AbortController();
  const events = readEvents(live, { signal: gone.signal });
  const waiting = events.next();
  while (live.changes.waiting === 0) await Promise.resolve();
  gone.abort();
  assertEquals((await waiting).done, true);
  assertEquals(live.changes.waiting, 0);
});

Deno.test("readEvents() ends with the failure of an execution that the service could not run", async () => {
  const error = { code: "busy", message: "Cannot run now", details: {} } as const;
  assertEquals(await read(recordedEvents({ kind: "failed", error })), [{ kind: "failed", error, position: BEGIN }]);
  const live = liveExecution();
  live.settle(new CodeBeakerError("busy", "Cannot run now"));
  await live.ended.catch(() => {});
  assertEquals(plain(await read(live)), [["failed"]]);
});

Deno.test("checkReached() refuses a position that was not sent yet", () => {
  const live = liveExecution();
  const check = (position: Partial<EventPosition>, hasEnd = false) =>
    checkReached(live, { position: { ...BEGIN, ...position }, hasEnd });
  const refuses = (position: Partial<EventPosition>, hasEnd = false) =>
    assertEquals(assertThrows(() => check(position, hasEnd), CodeBeakerError).code, "invalid_request");
  refuses({}); // It has not started.
  live.begin("fake");
  print(live, "abc");
  check({});
  check({ stdout: 3 });
  for (const beyond of [{ stdout: 4 }, { stderr: 1 }, { displays: 1 }]) refuses(beyond);
  refuses({ stdout: 3 }, true);
  end(live);
  check({ stdout: 3 }, true);
  refuses({ stdout: 4 }, true);
});

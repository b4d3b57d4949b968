import { assert, assertEquals } from "@std/assert";
import type { ExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import type { Caller, EnginePort, SubmitOptions } from "../../../src/engine/port.ts";
import { fakeExecution, type ProgramBody, submitted } from "../../support/fake_ports.ts";
import { haveIncreasingIds, nextEvent, serverEvents } from "../../support/server_events.ts";
import { untilStalled } from "../../support/until.ts";
import { doorOf, openDoor, openEvents } from "./door.ts";

const PATH = "/v1/executions";
const REQUEST = { body: { language: "ts", code: "1" } };

/** An engine whose every program does this. */
function engineOf(body: ProgramBody): Partial<EnginePort> {
  return {
    submit: (_caller: Caller, _request: ExecutionRequest, options: SubmitOptions = {}) =>
      Promise.resolve(submitted(options, body)),
  };
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  assert(response.body !== null);
  return response.body;
}

Deno.test("POST /v1/executions streams events that nothing on the way holds back", async () => {
  const engine = engineOf((print) => print("a"));
  const response = await doorOf({ engine }).request(PATH, {
    method: "POST",
    headers: { accept: "text/event-stream", "accept-encoding": "gzip, br" },
    body: JSON.stringify(REQUEST.body),
  });
  assertEquals(
    [
      response.status,
      ...["content-type", "cache-control", "x-accel-buffering", "content-encoding"].map((name) =>
        response.headers.get(name)
      ),
    ],
    [200, "text/event-stream", "no-cache, no-transform", "no", null],
  );
  const events = await Array.fromAsync(serverEvents(bodyOf(response)));
  assertEquals(events.map(({ id, event }) => [id, event]), [[1, "started"], [5, "stdout"], [7, "completed"]]);
});

Deno.test("[socket] what a program prints reaches the client while the program still runs", async () => {
  const seen = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  await using door = openDoor({
    engine: engineOf(async (print) => {
      for (const [round, { promise }] of seen.entries()) {
        await print(`line ${round}\n`);
        await promise; // It goes on when the client has read the line.
      }
    }),
  });
  const events = serverEvents(bodyOf(await openEvents(door, PATH, REQUEST)));
  assertEquals((await nextEvent(events)).event, "started");
  for (const [round, { resolve }] of seen.entries()) {
    assertEquals((await nextEvent(events)).data, { text: `line ${round}\n` });
    resolve();
  }
  assertEquals(await nextEvent(events), { id: 927, event: "completed", data: fakeExecution() });
  assertEquals((await events.next()).done, true);
});

Deno.test("[socket] a client learns that its program began before the program prints anything", async () => {
  const begun = Promise.withResolvers<void>();
  await using door = openDoor({ engine: engineOf(() => begun.promise) });
  const events = serverEvents(bodyOf(await openEvents(door, PATH, REQUEST)));
  const { event, data } = await nextEvent(events);
  assertEquals([event, data.id, data.runtime], ["started", "exec_1", "fake"]);
  begun.resolve();
  assertEquals((await nextEvent(events)).event, "completed");
});

Deno.test("[socket] a program waits for a client that does not read, and a client that reads again gets everything", async () => {
  const count = 800;
  const chunk = "x".repeat(65_536);
  let printed = 0;
  await using door = openDoor({
    engine: engineOf(async (print) => {
      for (; printed < count; printed++) await print(chunk);
    }),
  });
  const response = await openEvents(door, PATH, REQUEST);
  await untilStalled(() => printed, "the program waits");
  assert(printed * chunk.length < 32 * 1_048_576, `${printed} chunks are on their way to a client that reads nothing`);
  let bytes = 0;
  for await (const { event, data } of serverEvents(bodyOf(response))) if (event === "stdout") bytes += data.text.length;
  assertEquals([printed, bytes], [count, count * chunk.length]);
});

Deno.test("[socket] a client that goes away cancels its program, at whatever moment", async () => {
  for (const moment of ["before the start", "while it prints nothing", "while it prints"] as const) {
    const begun = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const follow: ProgramBody = async (print, { signal }) => {
      signal?.addEventListener("abort", () => cancelled.resolve());
      begun.resolve();
      while (moment === "while it prints" && signal?.aborted === false) await print("x".repeat(65_536));
      await cancelled.promise;
    };
    const submit = (_caller: Caller, _request: ExecutionRequest, { onStart, ...options }: SubmitOptions = {}) =>
      Promise.resolve(
        submitted(moment === "before the start" || onStart === undefined ? options : { ...options, onStart }, follow),
      );
    await using door = openDoor({ engine: { submit } });
    const gone = new AbortController();
    const asking = openEvents(door, PATH, { ...REQUEST, signal: gone.signal }).catch((error: Error) => error.name);
    await begun.promise;
    if (moment !== "before the start") assert(await asking instanceof Response);
    gone.abort();
    await cancelled.promise;
    assertEquals([moment, await asking === "AbortError"], [moment, moment === "before the start"]);
  }
});

Deno.test("[socket] a client of a plain request that goes away cancels its program, one of an async request does not", async () => {
  const cancelled = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const signals: (AbortSignal | undefined)[] = [];
  await using door = openDoor({
    engine: engineOf(async (_print, { signal }) => {
      signals.push(signal);
      if (signal === undefined) return;
      signal.addEventListener("abort", () => cancelled.resolve());
      begun.resolve();
      await cancelled.promise;
    }),
  });
  const gone = new AbortController();
  const init = { method: "POST", body: JSON.stringify(REQUEST.body) };
  const asking = fetch(`${door.url}${PATH}`, { ...init, signal: gone.signal }).catch((error: Error) => error.name);
  await begun.promise;
  gone.abort();
  await cancelled.promise;
  assertEquals(await asking, "AbortError");
  const accepted = await fetch(`${door.url}${PATH}`, { ...init, headers: { prefer: "respond-async" } });
  await accepted.body?.cancel();
  assertEquals([accepted.status, signals.map((signal) => signal?.aborted)], [202, [true, undefined]]);
});

Deno.test("[socket] a client that reads to the end cancels nothing", async () => {
  let seen: AbortSignal | undefined;
  await using door = openDoor({
    engine: engineOf((print, { signal }) => {
      seen = signal;
      return print("a");
    }),
  });
  await (await openEvents(door, PATH, REQUEST)).text();
  await (await openEvents(door, PATH, REQUEST)).text(); // Whatever follows the first end has happened.
  assertEquals(seen?.aborted, false);
});

Deno.test("[socket] 4,000 tiny chunks arrive, whole and in order, though they divide every character", async () => {
  const text = "é€😀 ".repeat(400);
  const bytes = new TextEncoder().encode(text);
  await using door = openDoor({
    engine: engineOf(async (print) => {
      for (let at = 0; at < bytes.length; at++) await print(bytes.subarray(at, at + 1));
    }),
  });
  const events = await Array.fromAsync(serverEvents(bodyOf(await openEvents(door, PATH, REQUEST))));
  assertEquals([bytes.length, text.length], [4_000, 2_000]);
  assert(haveIncreasingIds(events));
  assertEquals(events.map(({ data }) => data.text ?? "").join(""), text);
});

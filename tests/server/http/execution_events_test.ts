import { assert, assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { SubmitOptions } from "../../../src/engine/port.ts";
import { executionEvents, followedEvents, type Submit } from "../../../src/server/http/execution_events.ts";
import { serverSentEvents } from "../../../src/server/http/server_sent_events.ts";
import { readEvents } from "../../../src/engine/event_reader.ts";
import { recordedEvents } from "../../../src/engine/recorded_events.ts";
import { fakeExecution, submitted } from "../../support/fake_ports.ts";
import { haveIncreasingIds, nextEvent, type ServerEvent, serverEvents } from "../../support/server_events.ts";

const WIRE = { format: serverSentEvents("request-1"), requestId: "request-1" };

/** Follows what a submit takes in. */
function follow(submit: Submit, options: { readonly signal?: AbortSignal; readonly pingMs?: number } = {}) {
  return executionEvents(submit, {
    ...WIRE,
    signal: new AbortController().signal,
    ...options,
  });
}

async function eventsOf(submit: Submit): Promise<ServerEvent[]> {
  return await Array.fromAsync(serverEvents(await follow(submit)));
}

function textOf(events: readonly ServerEvent[], stream: string): string {
  return events.filter(({ event }) => event === stream).map(({ data }) => data.text).join("");
}

Deno.test("executionEvents() tells the start, what is printed on which stream, and the whole execution", async () => {
  const events = await eventsOf((options) =>
    Promise.resolve(submitted(options, async (print) => {
      await print("out");
      await options.onOutput?.({ stream: "stderr", bytes: new TextEncoder().encode("err") });
    }))
  );
  const { id, runtime } = fakeExecution();
  assertEquals(events, [
    { id: 1, event: "started", data: { id, runtime } },
    { id: 25, event: "stdout", data: { text: "out" } },
    { id: 97, event: "stderr", data: { text: "err" } },
    { id: 99, event: "completed", data: fakeExecution() },
  ]);
});

Deno.test("executionEvents() sends each display of a cell in its place among the output", async () => {
  const events = await eventsOf((options) =>
    Promise.resolve(submitted(options, async (print) => {
      await options.onDisplay?.({ "text/plain": "before" });
      await print("out");
      await options.onDisplay?.({ "text/html": "<b>after</b>" });
    }))
  );
  assertEquals(events.slice(1, -1).map(({ event, data }) => [event, data]), [
    ["display", { data: { "text/plain": "before" } }],
    ["stdout", { text: "out" }],
    ["display", { data: { "text/html": "<b>after</b>" } }],
  ]);
});

Deno.test("executionEvents() submits what can be fed", async () => {
  let seen: SubmitOptions | undefined;
  const body = await executionEvents((options) => {
    seen = options;
    return Promise.resolve(submitted(options));
  }, { ...WIRE, signal: new AbortController().signal });
  await body.cancel();
  assertEquals([seen?.isInteractive, seen?.isPatient], [true, undefined]);
});

Deno.test("executionEvents() never divides a character, whatever the chunks divide, and tells the streams apart", async () => {
  const text = "\ufeffé€😀";
  const events = await eventsOf((options) =>
    Promise.resolve(submitted(options, async () => {
      for (const byte of new TextEncoder().encode(text)) {
        for (const stream of ["stdout", "stderr"] as const) {
          await options.onOutput?.({ stream, bytes: Uint8Array.of(byte) });
        }
      }
    }))
  );
  assertEquals([textOf(events, "stdout"), textOf(events, "stderr")], [text, text]);
  assertEquals(events.length, 2 + 2 * [...text].length);
});

Deno.test("executionEvents() tells half a character at the end as one that is broken, before the end", async () => {
  const events = await eventsOf((options) =>
    Promise.resolve(submitted(options, async (print) => {
      await print(Uint8Array.of(0x61, 0xf0, 0x9f));
    }))
  );
  assertEquals(events.map(({ event, data }) => [event, data.text]), [
    ["started", undefined],
    ["stdout", "a"],
    ["stdout", "\ufffd"],
    ["completed", undefined],
  ]);
});

Deno.test("executionEvents() tells 4,000 tiny chunks one by one and in order", async () => {
  const count = 4_000;
  const events = await eventsOf((options) =>
    Promise.resolve(submitted(options, async (print) => {
      for (let number = 0; number < count; number++) await print(`${number},`);
    }))
  );
  assertEquals([events.length, haveIncreasingIds(events)], [count + 2, true]);
  assertEquals(textOf(events, "stdout"), Array.from({ length: count }, (_, number) => `${number},`).join(""));
});

Deno.test("executionEvents() tells start and end of an execution that was there before", async () => {
  const events = await eventsOf(() => Promise.resolve({ id: "exec_1", ended: Promise.resolve(fakeExecution()) }));
  assertEquals(events.map(({ id, event, data }) => [id, event, data.id]), [
    [1, "started", "exec_1"],
    [3, "completed", "exec_1"],
  ]);
});

Deno.test("executionEvents() throws a failure before its first event: of the submit, or of the execution", async () => {
  const busy = new CodeBeakerError("busy", "Cannot run now");
  for (
    const submit of [
      () => Promise.reject(busy),
      () => Promise.resolve({ id: "exec_1", ended: Promise.reject(busy) }),
    ]
  ) {
    const thrown = await assertRejects(() => follow(submit), CodeBeakerError);
    assert(thrown === busy);
  }
});

Deno.test("executionEvents() sends a failure after its first event as the last event", async () => {
  const events = await eventsOf((options) =>
    Promise.resolve(submitted(options, async (print) => {
      await print("a");
      throw new CodeBeakerError("runtime_unavailable", "Cannot follow the program");
    }))
  );
  assertEquals(events.map(({ id, event }) => [id, event]), [[1, "started"], [5, "stdout"], [7, "error"]]);
  assertEquals([events[2]?.data.code, events[2]?.data.status, events[2]?.data.requestId], [
    "runtime_unavailable",
    503,
    "request-1",
  ]);
});

Deno.test("executionEvents() pings while it waits, and then tells a failure as an event", async () => {
  const ended = Promise.withResolvers<never>();
  const body = await follow(() => Promise.resolve({ id: "exec_1", ended: ended.promise }), { pingMs: 1 });
  const events = serverEvents(body);
  assertEquals((await nextEvent(events)).event, "");
  ended.reject(new Error("the secret"));
  const rest = await Array.fromAsync(events);
  assertEquals([rest.at(-1)?.event, rest.at(-1)?.data.detail], ["error", "Internal error"]);
});

Deno.test("executionEvents() lets a program wait until the client took what it printed", async () => {
  let printed = 0;
  const body = await follow((options) =>
    Promise.resolve(submitted(options, async (print) => {
      for (; printed < 1_000; printed++) await print("x");
    }))
  );
  const reader = body.getReader();
  for (let read = 0; read < 10; read++) {
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert(printed <= read + 1, `${printed} chunks were taken after ${read + 1} reads`);
  }
  assert(printed > 0);
  await reader.cancel();
});

Deno.test("executionEvents() cancels the program of a client that goes away, and waits for no reader", async () => {
  const body = Promise.withResolvers<boolean>();
  const stream = await follow((options) =>
    Promise.resolve(submitted(options, async (print) => {
      await print("a"); // Nobody reads it.
      await print("b");
      body.resolve(options.signal?.aborted ?? false);
    }))
  );
  await stream.cancel();
  assertEquals(await body.promise, true);
});

Deno.test("executionEvents() tells its submit of a client that was gone before", async () => {
  let seen: AbortSignal | undefined;
  await follow((options) => {
    seen = options.signal;
    return Promise.resolve(submitted(options));
  }, { signal: AbortSignal.abort() });
  await Promise.resolve();
  assertEquals(seen?.aborted, true);
});

Deno.test("followedEvents() of 1,000 readers of an ended execution leave no listener behind", async () => {
  const listeners = new Set<unknown>();
  const { signal } = new AbortController();
  const counted: Pick<AbortSignal, "addEventListener" | "removeEventListener"> = {
    addEventListener: (_type: string, listener: unknown) => void listeners.add(listener),
    removeEventListener: (_type: string, listener: unknown) => void listeners.delete(listener),
  };
  Object.assign(signal, counted);
  const source = recordedEvents({ kind: "ended", execution: fakeExecution({ stdout: "é" }) });
  for (let reader = 0; reader < 1_000; reader++) {
    const body = followedEvents((options) => readEvents(source, options), { ...WIRE, signal });
    assert(body !== undefined);
    if (reader % 2 === 0) await body.cancel();
    else assertEquals((await Array.fromAsync(serverEvents(body))).length, 3);
  }
  assertEquals(listeners.size, 0);
});

import { assert, assertEquals } from "@std/assert";
import type { OutputChunk } from "../../../src/core/execution.ts";
import type { EnginePort } from "../../../src/engine/port.ts";
import { chunkOf, FakeEnvironment, fakeProgram } from "../../support/fake_environment.ts";
import { engineOf } from "../../support/engine_of.ts";
import { fakeRuntime } from "../../support/fake_runtime.ts";
import { withParts } from "../../support/gated_program.ts";
import { haveIncreasingIds, nextEvent, type ServerEvent, serverEvents } from "../../support/server_events.ts";
import { ask, doorOf } from "./door.ts";

const ASYNC = {
  body: { language: "typescript", code: "1", limits: { maxOutputBytes: 64 } },
  headers: { prefer: "respond-async" },
};

/** A program that prints what a test says, until the test ends it. */
interface Program {
  print(text: string, stream?: "stdout" | "stderr"): void;
  end(): void;
}

/** Runs a test over a real engine with one program at a time. */
async function withProgram(test: (engine: Partial<EnginePort>, program: Program) => Promise<void>): Promise<void> {
  const ended = Promise.withResolvers<{ kind: "exited"; exitCode: number }>();
  let controller: ReadableStreamDefaultController<OutputChunk> | undefined;
  const output = new ReadableStream<OutputChunk>({ start: (opened) => void (controller = opened) });
  await using environment = await FakeEnvironment.create(() => fakeProgram({ output, outcome: ended.promise }));
  const kept = withParts(environment, { [Symbol.asyncDispose]: () => Promise.resolve() });
  await using engine = engineOf([fakeRuntime({ createEnvironment: () => Promise.resolve(kept) })], {
    maxConcurrent: 1,
  });
  const port: Partial<EnginePort> = {
    submit: (caller, request, options) => engine.submit(caller, request, options),
    follow: (caller, id, options) => engine.follow(caller, id, options),
    cancel: (caller, id) => engine.cancel(caller, id),
  };
  await test(port, {
    print: (text, stream = "stdout") => controller?.enqueue(chunkOf(stream, text)),
    end() {
      controller?.close();
      ended.resolve({ kind: "exited", exitCode: 0 });
    },
  });
}

async function submit(engine: Partial<EnginePort>): Promise<string> {
  const { status, body } = await ask({ engine }, "POST /v1/executions", ASYNC);
  assertEquals(status, 202);
  return body.id;
}

/** Reads the events of an execution; the iterator's end closes the connection. */
async function follow(engine: Partial<EnginePort>, id: string, headers: Record<string, string> = {}) {
  const response = await doorOf({ engine }).request(`/v1/executions/${id}/events`, { headers });
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
  assert(response.body !== null);
  return serverEvents(response.body);
}

function plain(events: readonly ServerEvent[]): unknown[] {
  return events.map(({ event, data }) => [event, data.text ?? data.stdout ?? data.id]);
}

Deno.test("GET /v1/executions/{id}/events shows a running execution to every reader, and outlives all of them", () =>
  withProgram(async (engine, program) => {
    const id = await submit(engine);
    const [first, second] = [await follow(engine, id), await follow(engine, id)];
    for (const events of [first, second]) assertEquals((await nextEvent(events)).event, "started");
    program.print("a");
    for (const events of [first, second]) assertEquals((await nextEvent(events)).data, { text: "a" });
    await first.return(undefined);
    await second.return(undefined);
    program.print("b");
    const third = await follow(engine, id);
    assertEquals(plain([await nextEvent(third), await nextEvent(third)]), [["started", id], ["stdout", "ab"]]);
    program.end();
    const last = await nextEvent(third);
    assertEquals([last.event, last.data.stdout, last.data.outcome], ["completed", "ab", {
      kind: "exited",
      exitCode: 0,
    }]);
    assertEquals((await third.next()).done, true);
  }));

Deno.test("GET /v1/executions/{id}/events continues after Last-Event-ID, while the program runs and after its end", () =>
  withProgram(async (engine, program) => {
    const id = await submit(engine);
    const live = await follow(engine, id);
    const seen = [await nextEvent(live)];
    for (const text of ["é", "€", "😀"]) {
      program.print(text);
      program.print(text, "stderr");
      seen.push(await nextEvent(live), await nextEvent(live));
    }
    const [, , , fourth] = seen;
    const again = await follow(engine, id, { "last-event-id": String(fourth?.id) });
    assertEquals(plain([await nextEvent(again), await nextEvent(again)]), [["stdout", "😀"], ["stderr", "€😀"]]);
    program.end();
    const rest = await Array.fromAsync(live);
    const last = rest.at(-1);
    assert(last !== undefined && haveIncreasingIds([...seen, ...rest]));
    for (const { id: eventId } of [...seen, last]) {
      const headers = { "last-event-id": String(eventId) };
      if (eventId === last.id) {
        const { status, body } = await ask({ engine }, `GET /v1/executions/${id}/events`, { headers });
        assertEquals([status, body], [204, undefined]);
        continue;
      }
      const events = await Array.fromAsync(await follow(engine, id, headers));
      assertEquals(events.at(-1), last);
      for (const stream of ["stdout", "stderr"]) {
        const textOf = (part: readonly ServerEvent[]) =>
          part.filter(({ event }) => event === stream).map(({ data }) => data.text).join("");
        const had = seen.slice(0, seen.findIndex((event) => event.id === eventId) + 1);
        assertEquals(textOf(had) + textOf(events), "é€😀");
      }
    }
  }));

Deno.test("GET /v1/executions/{id}/events counts what a late reader cannot get", () =>
  withProgram(async (engine, program) => {
    const id = await submit(engine);
    const live = await follow(engine, id);
    await nextEvent(live);
    program.print("x".repeat(1_000));
    program.end();
    const events = await Array.fromAsync(await follow(engine, id));
    const half = "x".repeat(32);
    assertEquals(plain(events), [["started", id], ["stdout", half], ["dropped", 936], ["stdout", half], [
      "completed",
      half + half,
    ]]);
    await live.return(undefined);
  }));

Deno.test("GET /v1/executions/{id}/events begins for a queued execution, and ends with its cancellation", () =>
  withProgram(async (engine, program) => {
    await submit(engine);
    const queued = await submit(engine);
    const events = await follow(engine, queued);
    assertEquals((await ask({ engine }, `DELETE /v1/executions/${queued}`)).status, 204);
    const last = (await Array.fromAsync(events)).at(-1);
    assertEquals([last?.event, last?.data.outcome], ["completed", { kind: "cancelled" }]);
    program.end();
  }));

Deno.test("GET /v1/executions/{id}/events refuses an id that is none, or that was not sent yet", () =>
  withProgram(async (engine, program) => {
    const id = await submit(engine);
    const events = await follow(engine, id);
    await nextEvent(events);
    const path = `GET /v1/executions/${id}/events`;
    for (const value of ["", "x", "-1", "1.5", "1e3", "9".repeat(41), "0x1", "9", "27", "7"]) {
      const { status, body } = await ask({ engine }, path, { headers: { "last-event-id": value } });
      assertEquals([value, status, body.code, body.errors[0].path], [value, 400, "invalid_request", "Last-Event-ID"]);
    }
    for (const query of ["?lastEventId=x", "?lastEventId=1&lastEventId=1", "?lasteventid=1"]) {
      assertEquals((await ask({ engine }, path + query)).status, 400);
    }
    assertEquals((await ask({ engine }, "GET /v1/executions/exec_0/events")).body.code, "not_found");
    program.end();
    await Array.fromAsync(events);
  }));

Deno.test("GET /v1/executions/{id}/events takes ?lastEventId= too, and the header goes first", () =>
  withProgram(async (engine, program) => {
    const id = await submit(engine);
    program.print("abc");
    program.end();
    const read = async (path: string, headers: Record<string, string> = {}) => {
      const response = await doorOf({ engine }).request(`/v1/executions/${id}/events${path}`, { headers });
      assert(response.body !== null);
      return plain((await Array.fromAsync(serverEvents(response.body))).slice(0, -1));
    };
    const all = [["started", id], ["stdout", "abc"]];
    assertEquals(await read(""), all);
    assertEquals(await read("?lastEventId=0"), all);
    assertEquals(await read("?lastEventId=1"), [["stdout", "abc"]]);
    assertEquals(await read("?lastEventId=1", { "last-event-id": "5" }), [["stdout", "bc"]]);
  }));

import { assertEquals } from "@std/assert";
import type { Execution } from "../../../../src/core/execution.ts";
import type { SubmitOptions } from "../../../../src/engine/port.ts";
import { Processes } from "../../../../src/server/compat/e2b/processes.ts";
import { executionEvents } from "../../../../src/server/http/execution_events.ts";
import { fakeExecution } from "../../../support/fake_ports.ts";

/** Asks for the stream of a command that the test starts and ends, with pings at every chance. */
function askCommand() {
  const { promise: ended, resolve: end } = Promise.withResolvers<Execution>();
  let options: SubmitOptions = {};
  const bytes = executionEvents((given) => {
    options = given;
    return Promise.resolve({ id: "exec_1", ended });
  }, {
    format: new Processes().events("sess_1", { cmd: "sh" }),
    signal: new AbortController().signal,
    pingMs: 1,
    requestId: "request-1",
  });
  const messages = async () => messagesIn(new Uint8Array(await new Response(await bytes).arrayBuffer()));
  return { options, end, messages: messages() };
}

/** The messages of a stream, without pings. */
function messagesIn(bytes: Uint8Array): unknown[] {
  const messages: { readonly event?: { readonly keepalive?: object } }[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(1);
    messages.push(JSON.parse(new TextDecoder().decode(bytes.subarray(at + 5, at + 5 + length))));
    at += 5 + length;
  }
  return messages.filter(({ event }) => event?.keepalive === undefined);
}

/** Waits for more pings than an absent reader may leave unread. */
const manyPings = () => new Promise((resolve) => setTimeout(resolve, 50));

Deno.test("a command that waits behind another is kept, and its stream begins with its start", async () => {
  const { end, messages, options } = askCommand();
  await manyPings();
  assertEquals(options.signal?.aborted, false);
  options.onStart?.({ id: "exec_1", runtime: "fake" });
  options.onOutput?.({ stream: "stdout", bytes: new TextEncoder().encode("é") });
  await manyPings();
  end(fakeExecution());
  assertEquals(await messages, [
    { event: { start: { pid: 1 } } },
    { event: { data: { stdout: "w6k=" } } },
    { event: { end: { exited: true, exitCode: 0, status: "exit status 0" } } },
    {},
  ]);
});

Deno.test("a command that ends while it waits behind another has an end, and one that was late an error too", async () => {
  const late = { error: { code: "deadline_exceeded", message: "the program took too long" } };
  for (
    const [outcome, error, last] of [
      [{ kind: "interrupted", reason: "the session ends" }, "interrupted: the session ends", {}],
      [{ kind: "timed_out", limitMs: 1_000 }, "code execution timeout", late],
    ] as const
  ) {
    const { end, messages } = askCommand();
    end(fakeExecution({ exitCode: null, outcome }));
    const ended = { exited: false, exitCode: -1, status: error, error };
    assertEquals(await messages, [{ event: { start: { pid: 1 } } }, { event: { end: ended } }, last]);
  }
});

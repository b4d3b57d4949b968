import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { ByteBudget } from "../../../../src/concurrency/byte_budget.ts";
import type { Execution } from "../../../../src/core/execution.ts";
import type { SubmitOptions } from "../../../../src/engine/port.ts";
import { envelope } from "../../../../src/server/compat/e2b/connect.ts";
import { Processes } from "../../../../src/server/compat/e2b/processes.ts";
import type { AppEnv } from "../../../../src/server/http/app_env.ts";
import { fakeEngine, fakeExecution, fakeSessions, TESTER } from "../../../support/fake_ports.ts";

/** A command that was asked for; the test starts it and ends it. */
interface Asked {
  readonly options: SubmitOptions;
  readonly end: (execution: Execution) => void;
  readonly answer: Promise<Response>;
}

/** Asks for a command, with pings at every chance. */
async function askCommand(): Promise<Asked> {
  const requests = new ByteBudget({ maxBytes: 100_000, maxOwnerBytes: 100_000 });
  const { promise: ended, resolve: end } = Promise.withResolvers<Execution>();
  const asked = Promise.withResolvers<SubmitOptions>();
  const sessions = fakeSessions({
    async command(_caller, _id, _command, options = {}) {
      asked.resolve(options);
      return { success: true, result: await ended };
    },
  });
  const { calls } = new Processes({ engine: fakeEngine() }, { pingMs: 1 });
  const app = new Hono<AppEnv>().post("/", async (context) => {
    context.set("caller", TESTER);
    context.set("bodyBounds", { maxBytes: 2_000 });
    using lease = requests.lease("tester");
    context.set("lease", lease);
    const start = calls["POST /process.Process/Start"];
    return await start?.({ context, caller: TESTER, id: "sess_1", sessions }) ?? context.notFound();
  });
  const answer = app.request("/", { method: "POST", body: envelope({ process: { cmd: "sh" } }) });
  return { options: await asked.promise, end, answer: Promise.resolve(answer) };
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
  const { answer, end, options } = await askCommand();
  await manyPings();
  assertEquals(options.signal?.aborted, false);
  options.onStart?.({ id: "exec_1", runtime: "fake" });
  const { body } = await answer;
  end(fakeExecution());
  const messages = messagesIn(new Uint8Array(await new Response(body).arrayBuffer()));
  const ended = { exited: true, exitCode: 0, status: "exit status 0" };
  assertEquals(messages, [{ event: { start: { pid: 1 } } }, { event: { end: ended } }, {}]);
});

Deno.test("a command that ends while it waits behind another is an error in the stream", async () => {
  for (
    const [outcome, code] of [
      [{ kind: "interrupted", reason: "the session ends" }, "aborted"],
      [{ kind: "timed_out", limitMs: 1_000 }, "deadline_exceeded"],
    ] as const
  ) {
    const { answer, end } = await askCommand();
    end(fakeExecution({ outcome: outcome as Execution["outcome"] }));
    const messages = messagesIn(new Uint8Array(await (await answer).arrayBuffer()));
    assertEquals((messages as { readonly error: { readonly code: string } }[]).map(({ error }) => error.code), [code]);
  }
});

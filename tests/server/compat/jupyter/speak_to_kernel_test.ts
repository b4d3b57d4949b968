import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ByteBudget } from "../../../../src/concurrency/byte_budget.ts";
import { Kernel } from "../../../../src/server/compat/jupyter/kernel.ts";
import { speakToKernel } from "../../../../src/server/compat/jupyter/speak_to_kernel.ts";
import type { SocketPeer } from "../../../../src/server/sockets/mod.ts";
import type { ContextsPort } from "../../../../src/sessions/port.ts";
import { fakeExecution, fakeSessions, TESTER } from "../../../support/fake_ports.ts";
import { until } from "../../../support/until.ts";

const execute = JSON.stringify({
  header: { msg_id: "1", msg_type: "execute_request" },
  content: { code: "loop" },
});

/** Connects a client to a new kernel. */
function connect({ close, send }: Pick<SocketPeer, "close" | "send">, sessions = fakeSessions()) {
  const { signal } = new AbortController();
  const missed = new ByteBudget({ maxBytes: 40_000, maxOwnerBytes: 40_000 });
  const kernel = new Kernel({ sessions, sessionId: "sess_1", language: "python", closing: signal, missed });
  const unused = () => Promise.reject(new Error("not expected"));
  const peer: SocketPeer = { signal, protocol: undefined, send, waitForRoom: unused, close, finish: unused };
  const connection = speakToKernel(peer, { kernel, id: "a", caller: TESTER, observer: {} });
  connection.begin?.();
  return { connection, kernel };
}

Deno.test("speakToKernel(): a shutdown of the service is the kernel's death", () => {
  const sent: unknown[] = [];
  const send: SocketPeer["send"] = (encode) => Promise.resolve(void sent.push(encode()));
  connect({ close() {}, send }).connection.shutDown?.();
  assertMatch(String(sent), /"msg_type":"status".*"content":\{"execution_state":"dead"\}/);
});

Deno.test("speakToKernel(): a client for which too much waits is closed", async () => {
  const closed: number[] = [];
  let sent = 0;
  const { connection } = connect({
    send() {
      sent++;
      return new Promise(() => {});
    },
    close: (code) => void closed.push(code),
  });
  const header = { msg_id: "1", msg_type: "comm_info_request", more: "x".repeat(3_000) };
  const lease = new ByteBudget({ maxBytes: 40_000, maxOwnerBytes: 40_000 }).lease("tester");
  const ask = () => void connection.answer(JSON.stringify({ header, content: {} }), lease);
  for (let count = 0; count < 100; count++) ask();
  await until(() => sent === 300, "each is answered between busy and idle");
  assertEquals(closed, []);
  for (let count = 0; count < 400; count++) ask();
  await until(() => closed.length > 0, "the connection is closed");
  assertEquals(closed[0], 1008);
});

Deno.test("speakToKernel(): requests that wait are bounded in bytes, and code goes on without its client", async () => {
  const gate = Promise.withResolvers<void>();
  const contexts: Partial<ContextsPort> = {
    findDefault: () => Promise.resolve("ctx_1"),
    submit: () => Promise.resolve({ id: "exec_1", ended: gate.promise.then(() => fakeExecution()) }),
  };
  const sessions = fakeSessions({ contexts: () => contexts as ContextsPort });
  const closed: (readonly [code: number, reason: string])[] = [];
  const { connection, kernel } = connect({
    send: (encode) => Promise.resolve(void encode()),
    close(code, reason) {
      closed.push([code, reason]);
      connection.end?.();
    },
  }, sessions);
  const budget = new ByteBudget({ maxBytes: 40_000, maxOwnerBytes: 40_000 });
  const answer = async () => {
    using lease = budget.lease("tester");
    await connection.answer(execute, lease);
  };
  const answered: Promise<void>[] = [];
  while (closed.length === 0 && answered.length < 100) {
    answered.push(answer());
    await Promise.resolve();
  }
  const [[code, reason = ""] = []] = closed;
  assertEquals([code, kernel.clients.count, kernel.state], [1013, 0, "busy"]);
  assertStringIncludes(reason, "memory");
  gate.resolve();
  await Promise.all(answered);
  assertEquals([kernel.state, budget.heldBytes], ["idle", 0]);
});

import { assertEquals } from "@std/assert";
import { MethodTable } from "../../../src/server/rpc/method_table.ts";
import { RPC_LIMITS } from "../../../src/server/rpc/limits.ts";
import { RpcSocket } from "../../../src/server/rpc/socket.ts";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import { fakeEngine, fakeSessions, TESTER } from "../../support/fake_ports.ts";
import { until } from "../../support/until.ts";

/** A connection whose other end never answers, as one looks whose client vanished before it was open: no event tells of it. */
async function connectToNobody(limits: { readonly openWithinMs: number }) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = new WebSocket(`ws://127.0.0.1:${listener.addr.port}`);
  const connection = await listener.accept();
  const seen = { closed: 0 };
  const rpc = new RpcSocket(socket, {
    caller: TESTER,
    methods: new MethodTable({ engine: fakeEngine(), sessions: fakeSessions(), observer: {}, maxRequests: 1 }),
    observer: {},
    limits: { ...RPC_LIMITS, maxMessageBytes: 1_024, ...limits },
    requests: new ByteBudget({ maxBytes: 0, maxOwnerBytes: 0 }),
    checkKey() {},
    onClosed: () => seen.closed++,
  });
  return {
    rpc,
    socket,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
      connection.close();
      await closed;
    },
  };
}

Deno.test("a connection that is not open in time counts as closed", async () => {
  await using nobody = await connectToNobody({ openWithinMs: 50 });
  await until(() => nobody.seen.closed > 0, "its place is free again");
  assertEquals(nobody.socket.readyState, WebSocket.CONNECTING);
});

Deno.test("a connection that is not open yet counts as closed once the service goes away, and nothing waits for it", async () => {
  await using nobody = await connectToNobody({ openWithinMs: 600_000 });
  await nobody.rpc.goAway();
  assertEquals([nobody.socket.readyState, nobody.seen.closed], [WebSocket.CONNECTING, 1]);
});

import { assertEquals } from "@std/assert";
import { SOCKET_LIMITS } from "../../../src/server/sockets/limits.ts";
import { ServerSocket } from "../../../src/server/sockets/server_socket.ts";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import { TESTER } from "../../support/fake_ports.ts";
import { until } from "../../support/until.ts";

/** A connection whose other end never answers, as one looks whose client vanished before it was open: no event tells of it. */
async function connectToNobody(limits: { readonly openWithinMs: number }) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = new WebSocket(`ws://127.0.0.1:${listener.addr.port}`);
  const connection = await listener.accept();
  const seen = { begun: 0, closed: 0 };
  const server = new ServerSocket(socket, {
    caller: TESTER,
    observer: {},
    limits: { ...SOCKET_LIMITS, maxMessageBytes: 1_024, ...limits },
    requests: new ByteBudget({ maxBytes: 0, maxOwnerBytes: 0 }),
    speak: () => ({ begin: () => void seen.begun++, answer: () => Promise.reject(new Error("not expected")) }),
    checkKey() {},
    onClosed: () => seen.closed++,
  });
  return {
    server,
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
  assertEquals([nobody.socket.readyState, nobody.seen.begun], [WebSocket.CONNECTING, 0]);
});

Deno.test("a connection that is not open yet counts as closed once the service goes away, and nothing waits for it", async () => {
  await using nobody = await connectToNobody({ openWithinMs: 600_000 });
  await nobody.server.goAway();
  assertEquals([nobody.socket.readyState, nobody.seen.closed], [WebSocket.CONNECTING, 1]);
});

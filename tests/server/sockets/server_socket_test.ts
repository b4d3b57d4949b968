import { assertEquals } from "@std/assert";
import { SOCKET_LIMITS } from "../../../src/server/sockets/limits.ts";
import { ServerSocket, type SocketPeer, type SocketProtocol } from "../../../src/server/sockets/server_socket.ts";
import { ServerSockets } from "../../../src/server/sockets/server_sockets.ts";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import { TESTER } from "../../support/fake_ports.ts";
import { RawHttp, requestHead } from "../../support/raw_http.ts";
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
    protocol: undefined,
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

/** Listens for connections that speak a protocol. Messages have at most 1,024 bytes. */
function listen(
  speak: (peer: SocketPeer) => SocketProtocol,
  { closeWithinMs = 20, protocol }: { readonly closeWithinMs?: number; readonly protocol?: string } = {},
) {
  const requests = new ByteBudget({ maxBytes: 0, maxOwnerBytes: 0 });
  const limits = { ...SOCKET_LIMITS, maxMessageBytes: 1_024, closeWithinMs };
  const sockets = new ServerSockets(limits, requests);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => sockets.upgrade(request, { protocol, caller: TESTER, observer: {}, checkKey() {}, speak }),
  );
  return {
    host: `127.0.0.1:${server.addr.port}`,
    sockets,
    async [Symbol.asyncDispose]() {
      await sockets[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

/** Opens a connection, on which the service says something, to a client that reads its first answer alone. */
async function connectToIdler(say: (peer: SocketPeer) => void) {
  const server = listen((peer) => ({ begin: () => say(peer), answer: () => Promise.resolve() }));
  const client = await RawHttp.open({ url: `http://${server.host}` });
  const upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
  await client.say(requestHead("GET /", [...upgrade, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]));
  await client.readUntil("\r\n\r\n");
  return { client, sockets: server.sockets, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

Deno.test("binary messages reach a protocol and its client as bytes, within the bound of a message", async () => {
  await using server = listen((peer) => ({
    begin: () => void peer.send(() => `speaks ${peer.protocol}`),
    answer: (data) => peer.send(() => data instanceof ArrayBuffer ? new Uint8Array(data).reverse() : "text"),
  }), { protocol: "bytes" });
  const socket = new WebSocket(`ws://${server.host}`, "bytes");
  socket.binaryType = "arraybuffer";
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  const received: unknown[] = [];
  socket.onmessage = ({ data }) => {
    received.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
    socket.send(received.length === 1 ? Uint8Array.of(1, 2, 3) : new Uint8Array(1_025));
  };
  assertEquals([(await closed).code, received], [1009, ["speaks bytes", [3, 2, 1]]]);
});

Deno.test("an answer that the service's end cuts short is sent before its connection ends", async () => {
  const seen: string[] = [];
  await using server = listen((peer) => ({
    async answer() {
      seen.push("asked");
      await new Promise<void>((resolve) => peer.signal.addEventListener("abort", () => resolve()));
      seen.push("answered");
      await peer.send(() => "cut short");
    },
    shutDown: () => void peer.send(() => "the last"),
    end: () => void seen.push("ended"),
  }), { closeWithinMs: 10_000 });
  const socket = new WebSocket(`ws://${server.host}`);
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  socket.onmessage = ({ data }) => seen.push(data);
  socket.onopen = () => socket.send("");
  await until(() => seen.length > 0, "it is asked");
  await server.sockets[Symbol.asyncDispose]();
  assertEquals([(await closed).code, seen.indexOf("answered") < seen.indexOf("ended")], [1001, true]);
  assertEquals(seen.filter((word) => word.includes(" ")), ["cut short", "the last"]);
});

Deno.test("a client that still sends when the service closes reads what was sent before, and the code", async () => {
  await using server = listen((peer) => ({
    async answer() {
      peer.send(() => "the last");
      await peer.finish(4_000, "It is enough");
    },
  }), { closeWithinMs: 600_000 });
  const socket = new WebSocket(`ws://${server.host}`);
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  const received: unknown[] = [];
  socket.onmessage = ({ data }) => received.push(data);
  socket.onopen = () => Array.from({ length: 500 }, () => socket.send("x".repeat(1_000)));
  const { code, reason } = await closed;
  assertEquals([code, reason, received[0]], [4_000, "It is enough", "the last"]);
});

Deno.test("messages that wait for a client whose key is revoked are dropped", async () => {
  const received: unknown[] = [];
  await using server = listen((peer) => ({
    async answer() {
      await peer.send(() => "sent before");
      peer.send(() => "waits");
      server.sockets.refuseTenants(new Set([TESTER.principal.tenant]));
    },
  }));
  const socket = new WebSocket(`ws://${server.host}`);
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  socket.onmessage = ({ data }) => received.push(data);
  socket.onopen = () => socket.send("");
  assertEquals([(await closed).code, received], [1008, ["sent before"]]);
});

Deno.test("a connection that the service closes gives its place back, also where the client never closes", async () => {
  await using idler = await connectToIdler((peer) => peer.close(4_000, "It is enough"));
  using _client = idler.client;
  await until(() => idler.sockets.count === 0, "its place is free again");
});

Deno.test("a closed connection keeps its place while messages for it are in memory", async () => {
  await using idler = await connectToIdler(async (peer) => {
    await peer.send(() => "x".repeat(12_000_000));
    peer.close(4_000, "It is enough");
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assertEquals(idler.sockets.count, 1);
  idler.client[Symbol.dispose]();
  await until(() => idler.sockets.count === 0, "its place is free again");
});

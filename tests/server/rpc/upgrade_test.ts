import { assertEquals } from "@std/assert";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import { ServerSockets, SOCKET_LIMITS } from "../../../src/server/sockets/mod.ts";
import { appOf } from "../support/app_of.ts";
import { addKey, openKeyring } from "../support/keyring.ts";
import { Door } from "./door.ts";

/** Asks for a WebSocket; gives the head of the answer and its body. */
async function knock(port: number, method: string, version: string): Promise<readonly [head: string, body: string]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [
    `${method} /ws/jsonrpc HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade, close",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Sec-WebSocket-Version: ${version}`,
  ];
  await connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  let answer = "";
  for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
    answer += text;
    if (answer.startsWith("HTTP/1.1 101")) break;
  }
  const [head = "", body = ""] = answer.split("\r\n\r\n", 2);
  return [head.toLowerCase(), body];
}

function statusOf(head: string): number {
  return Number(head.split(" ")[1]);
}

Deno.test("a WebSocket of another version is refused with the supported one, and opens nothing", async () => {
  await using door = new Door();
  for (const version of ["12", "8", "x"]) {
    const [head, body] = await knock(door.port, "GET", version);
    const { status, code } = JSON.parse(body);
    assertEquals([version, statusOf(head), status, code], [version, 426, 426, "invalid_request"]);
    for (const header of ["sec-websocket-version: 13", "upgrade: websocket"]) {
      assertEquals([header, head.split("\r\n").includes(header)], [header, true]);
    }
  }
  assertEquals(door.sockets.count, 0);
});

Deno.test("HEAD of the WebSocket's path opens nothing, whatever it asks for", async () => {
  await using door = new Door();
  const [head] = await knock(door.port, "HEAD", "13");
  assertEquals([statusOf(head), door.sockets.count], [405, 0]);
});

Deno.test("a page's WebSocket brings its key as a subprotocol, which is echoed only where it is the only one", async () => {
  const keys = openKeyring();
  const { headers: { authorization }, id } = addKey(keys);
  const key = `codebeaker.key.${authorization.slice("Bearer ".length)}`;
  const budget = new ByteBudget({ maxBytes: 1_000_000, maxOwnerBytes: 1_000_000 });
  await using sockets = new ServerSockets({ ...SOCKET_LIMITS, maxMessageBytes: 2_000 }, budget);
  const app = appOf({ keys, sockets });
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
  const url = `ws://127.0.0.1:${server.addr.port}/ws/jsonrpc`;
  for (const [offered, selected] of [[["codebeaker", key], "codebeaker"], [[key], key]] as const) {
    const socket = new WebSocket(url, [...offered]);
    await new Promise((resolve, reject) => [socket.onopen, socket.onerror] = [resolve, reject]);
    assertEquals(socket.protocol, selected);
    const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    if (offered.length === 1) keys.revoke(id);
    socket.send('{"jsonrpc":"2.0","id":1,"method":"language.list"}');
    if (offered.length === 2) await new Promise((resolve) => socket.onmessage = resolve).then(() => socket.close());
    assertEquals((await closed).reason, offered.length === 1 ? "The key is no longer valid" : "");
  }
  const headers = { upgrade: "websocket", connection: "upgrade", "sec-websocket-protocol": "codebeaker.key." };
  const refused = await app.request(url.replace("ws", "http"), { headers });
  assertEquals([refused.status, refused.headers.get("sec-websocket-protocol")], [401, null]);
});

import { assertEquals } from "@std/assert";
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

Deno.test("a WebSocket of another version is told which one is spoken, and opens nothing", async () => {
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
  assertEquals([statusOf(head), door.sockets.count], [404, 0]);
});

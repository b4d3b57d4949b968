import { assertEquals } from "@std/assert";
import { Server } from "@modelcontextprotocol/server";
import { ProtocolSessions } from "../../../src/server/mcp/protocol_sessions.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const INITIALIZE = {
  ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

function requestOf(headers: Readonly<Record<string, string>>): Request {
  return new Request("http://localhost/mcp", {
    method: "POST",
    headers: { accept: "application/json, text/event-stream", "content-type": "application/json", ...headers },
  });
}

Deno.test("work keeps a protocol session from being closed for its own tenant alone", async () => {
  for (const [tenant, left] of [["a", 1], ["b", 0]] as const) {
    const clock = new FakeClock();
    await using sessions = new ProtocolSessions({
      clock,
      limits: { maxSessions: 10, maxSessionsPerTenant: 10, idleTimeoutMs: 1_000 },
      createServer: () => new Server({ name: "test", version: "1" }, { capabilities: {} }),
    });
    const answer = await sessions.handle(requestOf({}), { tenant: "a", body: INITIALIZE });
    await answer.body?.cancel();
    const id = answer.headers.get("mcp-session-id") ?? "";
    sessions.keepUntil(requestOf({ "mcp-session-id": id }), { tenant, work: new Promise(() => {}) });
    assertEquals(sessions.count, 1);
    clock.advance(60_000);
    assertEquals([tenant, sessions.count], [tenant, left]);
  }
});

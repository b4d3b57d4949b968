import { assertEquals } from "@std/assert";
import { callTool } from "../../../src/server/mcp/call_tool.ts";
import { TOOLS } from "../../../src/server/mcp/tools/mod.ts";
import { fakeEngine, fakeSessions, TESTER } from "../../support/fake_ports.ts";

Deno.test("callTool() refuses arguments that are deeper than its stack, which stdio lets through", async () => {
  const [tool] = TOOLS;
  if (tool === undefined) throw new Error("There is no tool");
  const call = { engine: fakeEngine(), sessions: fakeSessions(), caller: TESTER, observer: {} };
  const env = JSON.parse(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
  const { signal } = new AbortController();
  const failed = await callTool(tool, { language: "ts", code: "1", env }, { ...call, signal });
  assertEquals("_meta" in failed && failed._meta["codebeaker/problem"].code, "invalid_request");
});

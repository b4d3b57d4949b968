import { Client, InMemoryTransport } from "@modelcontextprotocol/client";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { createBridge, type SendToService, type ServiceMessage } from "../../../src/server/mcp/bridge.ts";
import { fakeExecution } from "../../support/fake_ports.ts";
import { Door } from "./door.ts";

/** A client of a bridge to a service that answers so. */
async function connect(send: SendToService): Promise<Client> {
  const [one, other] = InMemoryTransport.createLinkedPair();
  await createBridge(send).connect(one);
  const client = new Client({ name: "tests", version: "1.0.0" });
  await client.connect(other);
  return client;
}

Deno.test("createBridge() sends each request with the headers of its revision", async () => {
  const sent: ServiceMessage[] = [];
  const client = await connect((message) => {
    sent.push(message);
    return Promise.resolve(Response.json({ jsonrpc: "2.0", id: 1, result: { resultType: "complete", contents: [] } }));
  });
  const uri = "codebeaker://sessions/sess_1/files/ä";
  assertEquals(await client.readResource({ uri }), { contents: [] });
  const [{ headers, body } = { headers: {} as ServiceMessage["headers"], body: "" }] = sent;
  assertEquals(headers["mcp-method"], "resources/read");
  assertEquals(headers["mcp-name"], `=?base64?${new TextEncoder().encode(uri).toBase64()}?=`);
  assertEquals(JSON.parse(body).params._meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
  await client.close();
});

Deno.test("createBridge() and the service agree on a name that is no ASCII", async () => {
  await using door = new Door();
  const client = await connect(({ headers, body, signal }) =>
    fetch(door.url, { method: "POST", headers, body, signal })
  );
  const error = await client.readResource({ uri: "codebeaker://none/ä" }).catch((cause) => cause);
  assertStringIncludes(error.message, "Cannot find this resource");
  await client.close();
});

Deno.test("createBridge() passes on results, errors and progress, and what the service refuses", async () => {
  await using door = new Door({
    engine: {
      submit: (_caller, request) =>
        Promise.resolve({
          id: "exec_1",
          ended: Promise.resolve(fakeExecution({ stdout: new TextDecoder().decode(request.code) })),
        }),
    },
  });
  let answer: SendToService = ({ headers, body, signal }) => fetch(door.url, { method: "POST", headers, body, signal });
  const client = await connect((message) => answer(message));
  const call = () => client.callTool({ name: "run_code", arguments: { language: "ts", code: "42" } });
  assertEquals((await call()).content, [{ type: "text", text: "42" }]);
  const unknown = await client.callTool({ name: "run_cod", arguments: {} }).catch((cause) => cause);
  assertEquals([unknown.code, unknown.message.includes('did you mean "run_code"?')], [-32602, true]);
  const refusals: [answer: SendToService, hint: string][] = [
    [() => Promise.reject(new CodeBeakerError("unauthorized", "The service asks for a key")), "asks for a key"],
    [() => Promise.resolve(new Response("<html>")), "not one of CodeBeaker"],
    [() => Promise.resolve(new Response(null, { status: 202 })), "ended its answer early"],
    [
      () => Promise.resolve(new Response(": ping\n\n", { headers: { "content-type": "text/event-stream" } })),
      "ended its answer early",
    ],
  ];
  for (const [refusal, hint] of refusals) {
    answer = refusal;
    assertStringIncludes((await call().catch((cause) => cause)).message, hint);
  }
  await client.close();
});

import { assertEquals, assertThrows } from "@std/assert";
import { HonoRequest } from "hono/request";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { keyOf, selectProtocol } from "../../../src/server/auth/credential.ts";

function requestWith(headers: Record<string, string>): HonoRequest {
  return new HonoRequest(new Request("http://localhost/", { headers }));
}

/** A request for a WebSocket that offers these subprotocols. */
function offer(protocols: string, headers: Record<string, string> = {}): HonoRequest {
  return requestWith({ upgrade: "WebSocket", "sec-websocket-protocol": protocols, ...headers });
}

Deno.test("keyOf() reads a bearer, X-API-Key or a subprotocol, and takes the same key twice for one", () => {
  const table: [HonoRequest, string | undefined][] = [
    [requestWith({}), undefined],
    [requestWith({ authorization: "Bearer k1" }), "k1"],
    [requestWith({ authorization: "BEARER   k1 " }), "k1"],
    [requestWith({ authorization: "Bearer" }), undefined],
    [requestWith({ authorization: "Bearer k1 k2" }), undefined],
    [requestWith({ authorization: "Basic k1" }), undefined],
    [requestWith({ authorization: "k1" }), undefined],
    [requestWith({ "x-api-key": "k1" }), "k1"],
    [requestWith({ "x-api-key": "" }), ""],
    [requestWith({ authorization: "bearer k1", "x-api-key": "k1" }), "k1"],
    [requestWith({ authorization: "Basic eDp5", "x-api-key": "k1" }), "k1"],
    [offer("codebeaker.key.k1"), "k1"],
    [offer("codebeaker, codebeaker.key.k1"), "k1"],
    [offer("codebeaker.key.k1", { authorization: "Bearer k1" }), "k1"],
    [offer("codebeaker"), undefined],
    [requestWith({ "sec-websocket-protocol": "codebeaker.key.k1" }), undefined],
  ];
  for (const [request, key] of table) assertEquals(keyOf(request), key);
});

Deno.test("keyOf() refuses keys that differ, and a subprotocol without a key", () => {
  const refused = [
    requestWith({ authorization: "Bearer k1", "x-api-key": "k2" }),
    requestWith({ authorization: "Bearer k1", "x-api-key": "" }),
    requestWith({ "x-api-key": "k1, k2", authorization: "Bearer k1" }),
    offer("codebeaker.key.k1, codebeaker.key.k2"),
    offer("codebeaker.key.k1", { "x-api-key": "k2" }),
    offer("codebeaker.key."),
    offer("codebeaker, codebeaker.key.", { authorization: "Bearer k1" }),
  ];
  for (const request of refused) {
    const error = assertThrows(() => keyOf(request), CodeBeakerError);
    assertEquals([error.code, /k1|k2/.test(error.message)], ["unauthorized", false]);
  }
});

Deno.test("selectProtocol() selects one that is offered, and that with the key only where it is alone", () => {
  const table: [HonoRequest, string | undefined][] = [
    [requestWith({}), undefined],
    [offer(""), undefined],
    [offer("chat"), undefined],
    [offer("codebeaker"), "codebeaker"],
    [offer("codebeaker.key.k1, codebeaker"), "codebeaker"],
    [offer("codebeaker.key.k1, chat"), "chat"],
    [offer("codebeaker.key.k1"), "codebeaker.key.k1"],
  ];
  for (const [request, protocol] of table) assertEquals(selectProtocol(request), protocol);
});

Deno.test("selectProtocol() prefers a subprotocol of the path's own protocol", () => {
  const table: [offered: string, protocol: string | undefined][] = [
    ["old, codebeaker.key.k1, new", "new"],
    ["codebeaker, old", "old"],
    ["codebeaker.key.k1, codebeaker", "codebeaker"],
    ["chat", undefined],
  ];
  for (const [offered, protocol] of table) assertEquals(selectProtocol(offer(offered), ["new", "old"]), protocol);
});

import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { listen } from "../../../src/server/mod.ts";

const fetch = () => new Response("ok");

Deno.test("listen() refuses every host but loopback while no key is configured", () => {
  for (const host of ["0.0.0.0", "::", "192.168.0.1", "example.com", ""]) {
    const error = assertThrows(() => listen({ host, port: 0, fetch }), CodeBeakerError, "must be loopback");
    assertEquals(error.code, "invalid_request");
  }
});

Deno.test("listen() opens every host once there are keys", async () => {
  const listener = listen({ host: "0.0.0.0", port: 0, hasKeys: true, fetch });
  assertMatch(listener.url, /^http:\/\/0\.0\.0\.0:\d+$/);
  await listener.close(() => Promise.resolve());
  assertThrows(() => listen({ host: "0.0.0.0", port: 0, hasKeys: false, fetch }), CodeBeakerError, "must be loopback");
});

Deno.test("listen() opens a free port, tells its address and closes after the drain", async () => {
  const listener = listen({ host: "127.0.0.1", port: 0, fetch });
  assertMatch(listener.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assertEquals(await (await globalThis.fetch(listener.url)).text(), "ok");
  let drained = false;
  await listener.close(() => {
    drained = true;
    return Promise.resolve();
  });
  assertEquals(drained, true);
});

Deno.test("listen() says how to find out who has a port that is taken, and how to do without it", async () => {
  const first = listen({ host: "127.0.0.1", port: 0, fetch });
  const { port } = new URL(first.url);
  const { code, message } = assertThrows(
    () => listen({ host: "127.0.0.1", port: Number(port), fetch }),
    CodeBeakerError,
  );
  assertEquals(code, "invalid_request");
  for (const part of [`port ${port}`, `ss -ltnp 'sport = :${port}'`, "--port 0"]) assertStringIncludes(message, part);
  await first.close(() => Promise.resolve());
});

Deno.test("listen() says what to do with an address that is another machine's", () => {
  const listenElsewhere = () => listen({ host: "192.0.2.1", port: 0, hasKeys: true, fetch });
  assertThrows(listenElsewhere, CodeBeakerError, "--host");
});

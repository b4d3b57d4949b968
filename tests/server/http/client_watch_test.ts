import { assertEquals } from "@std/assert";
import { settlesAtOnce } from "../../../src/concurrency/delay.ts";
import { ClientWatch } from "../../../src/server/http/client_watch.ts";
import { listen } from "../../../src/server/mod.ts";
import { until } from "../../support/until.ts";

interface Asked {
  readonly signal: AbortSignal;
  answer(): void;
}

/** A door whose requests read their body and then wait for a test's answer. */
async function withDoor(
  test: (door: { readonly port: number; readonly asked: Asked[] }) => Promise<void>,
): Promise<void> {
  const asked: Asked[] = [];
  const listener = listen({
    host: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = await request.text();
      const { promise, resolve } = Promise.withResolvers<void>();
      asked.push({ signal: request.signal, answer: resolve });
      request.signal.addEventListener("abort", () => resolve());
      await promise;
      return new Response(String(body.length));
    },
  });
  await test({ port: Number(new URL(listener.url).port), asked });
  await listener.close(() => Promise.resolve());
}

/** Sends a request whose body comes in a piece of its own, as most clients do. */
async function send(port: number, body: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const encoder = new TextEncoder();
  const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  await connection.write(encoder.encode(head));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const writer = connection.writable.getWriter();
  await writer.write(encoder.encode(body));
  writer.releaseLock();
  return connection;
}

Deno.test("ClientWatch tells that a client is gone after it has sent its body, however long that is", () =>
  withDoor(async ({ port, asked }) => {
    for (const length of [1, 2_000, 300_000]) {
      const client = await send(port, "x".repeat(length));
      await until(() => asked.length === 1, "the request has come");
      client.close();
      await until(() => asked[0]?.signal.aborted ?? false, `a client that sent ${length} bytes is gone`);
      asked.pop();
    }
  }));

Deno.test("ClientWatch leaves a client alone that waits, also while another one goes", () =>
  withDoor(async ({ port, asked }) => {
    const stays = await send(port, "x".repeat(2_000));
    await until(() => asked.length === 1, "the first has come");
    const goes = await send(port, "x".repeat(2_000));
    await until(() => asked.length === 2, "the second has come");
    goes.close();
    await until(() => asked[1]?.signal.aborted ?? false, "the second is gone");
    assertEquals(asked[0]?.signal.aborted, false);
    asked[0]?.answer();
    const answer = await new Response(stays.readable).text();
    assertEquals([answer.split("\r\n")[0], answer.endsWith("2000")], ["HTTP/1.1 200 OK", true]);
    assertEquals(asked[0]?.signal.aborted, false);
  }));

Deno.test("ClientWatch ends after the poll that is under way", async () => {
  const [reading, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const watch = new ClientWatch({
    async read() {
      reading.resolve();
      await answered.promise;
      return { isGone: () => false };
    },
  });
  const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  watch.follow(new Request("http://localhost", { method: "POST" }), { remoteAddr, completed: answered.promise }, 2);
  await reading.promise;
  const ending = watch[Symbol.asyncDispose]();
  assertEquals(await settlesAtOnce(ending), false);
  answered.resolve();
  await ending;
});

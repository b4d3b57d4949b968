import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { ByteBudget } from "../../src/concurrency/byte_budget.ts";
import type { AppEnv } from "../../src/server/http/app_env.ts";
import { holdUntilSent } from "../../src/server/hold_until_sent.ts";
import { listen } from "../../src/server/mod.ts";
import { until } from "../support/until.ts";

Deno.test("holdUntilSent() keeps the memory of a large answer until its client has read it, or is gone", async () => {
  const requests = new ByteBudget({ maxBytes: 1_000_000, maxOwnerBytes: 1_000_000 });
  const app = new Hono<AppEnv>().get("/", (context) => {
    using lease = requests.lease("tester");
    lease.growTo(100_000);
    context.res = context.json({ text: "x".repeat(16_000_000) });
    holdUntilSent(context, lease);
    return context.res;
  });
  const listener = listen({ host: "127.0.0.1", port: 0, fetch: (request, info) => app.fetch(request, info) });
  const read = await fetch(listener.url);
  assertEquals(read.headers.get("content-type"), "application/json");
  assertEquals((await read.json()).text.length, 16_000_000);
  await until(() => requests.heldBytes === 0, "the memory of the read answer is given back");
  const { hostname, port } = new URL(listener.url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"));
  await connection.read(new Uint8Array(1_000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(requests.heldBytes, 100_000);
  connection.close();
  await until(() => requests.heldBytes === 0, "the memory of the unread answer is given back");
  await listener.close(() => Promise.resolve());
});

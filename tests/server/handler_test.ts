import { assertEquals, assertThrows } from "@std/assert";
import { handlerOf, listen } from "../../src/server/mod.ts";
import { appOf } from "./support/app_of.ts";

Deno.test("handlerOf() gives HEAD no length that GET has not", async () => {
  const listener = listen({ host: "127.0.0.1", port: 0, fetch: handlerOf(appOf()) });
  try {
    for (const path of ["/", "/openapi.json", "/docs/page.js", "/v1/languages", "/health/live", "/v1/nothing"]) {
      const [get, head] = [await fetch(listener.url + path), await fetch(listener.url + path, { method: "HEAD" })];
      await Promise.all([get.body?.cancel(), head.body?.cancel()]);
      const lengths = [get, head].map(({ headers }) => headers.get("content-length"));
      assertEquals([path, head.status, lengths[1] ?? lengths[0]], [path, get.status, lengths[0]]);
    }
  } finally {
    await listener.close(() => Promise.resolve());
  }
});

Deno.test("handlerOf() has the routes compiled before the first request: none can be added after", () => {
  const app = appOf();
  handlerOf(app);
  assertThrows(() => app.get("/later", (context) => context.text("")), Error, "matcher is already built");
});

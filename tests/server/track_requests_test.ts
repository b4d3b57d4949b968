import { configureSync, resetSync } from "@logtape/logtape";
import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import type { AppEnv } from "../../src/server/http/app_env.ts";
import { trackRequests } from "../../src/server/track_requests.ts";

Deno.test("trackRequests() logs 512 characters of a path, whatever is sent", async () => {
  const paths: unknown[] = [];
  configureSync({
    sinks: { kept: ({ properties }) => void paths.push(properties["path"]) },
    loggers: [
      { category: "codebeaker", sinks: ["kept"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  try {
    const app = new Hono<AppEnv>().use(trackRequests({ isRehearsal: false })).all("*", (context) => context.text("ok"));
    for (const length of [20, 512, 60_000]) await app.request("/".padEnd(length, "x"));
    assertEquals(paths.map((path) => String(path).length), [20, 512, 512]);
  } finally {
    resetSync();
  }
});

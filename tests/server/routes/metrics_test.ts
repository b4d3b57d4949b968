import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Hono } from "hono";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { Metrics } from "../../../src/metrics.ts";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import { metricsRoutes } from "../../../src/server/routes/metrics.ts";
import { NO_FIGURES } from "../../support/no_figures.ts";

Deno.test("GET /metrics answers Prometheus text with its content type, as it stands at each question", async () => {
  const metrics = new Metrics({ ...NO_FIGURES, queueLength: () => 2 });
  const routes = metricsRoutes(metrics);
  const first = await routes.request("/metrics");
  assertEquals([first.status, first.headers.get("content-type"), first.headers.get("cache-control")], [
    200,
    "text/plain; version=0.0.4; charset=utf-8",
    "no-store",
  ]);
  assertStringIncludes(await first.text(), "\ncodebeaker_queue_length 2\n");
  metrics.refused({ error: new CodeBeakerError("busy", "Cannot run now") });
  const second = await routes.request("/metrics");
  assertStringIncludes(await second.text(), '\ncodebeaker_errors_total{code="busy"} 1\n');
});

Deno.test("HEAD /metrics answers the same without the text", async () => {
  const routes = metricsRoutes(new Metrics(NO_FIGURES));
  const response = await routes.request("/metrics", { method: "HEAD" });
  assertEquals([response.status, response.headers.get("content-type"), await response.text()], [
    200,
    "text/plain; version=0.0.4; charset=utf-8",
    "",
  ]);
});

Deno.test("GET /metrics hands a failure on to whoever answers errors", async () => {
  const app = new Hono<AppEnv>().route("/", metricsRoutes({ expose: () => Promise.reject(new Error("no library")) }));
  app.onError((error) => {
    throw error;
  });
  await assertRejects(async () => await app.request("/metrics"), Error, "no library");
});

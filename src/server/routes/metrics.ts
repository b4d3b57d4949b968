import { Hono } from "hono";
import type { Metrics } from "../../metrics.ts";
import type { AppEnv } from "../http/app_env.ts";

/** Route of the metrics in Prometheus's format. */
export function metricsRoutes(metrics: Pick<Metrics, "expose">): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/metrics", async (context) => {
    const { contentType, text } = await metrics.expose();
    return context.body(text, 200, { "content-type": contentType, "cache-control": "no-store" });
  });
}

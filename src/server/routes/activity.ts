import { Hono } from "hono";
import type { Answer } from "../../core/answers/answer.ts";
import type { activitySchema } from "../../core/answers/activity.ts";
import type { ActivityPort } from "../../engine/port.ts";
import type { AppEnv } from "../http/app_env.ts";
import { noQuery } from "../http/query.ts";

/** Route of the service's activity. Figures of all tenants are for keys with the scope `admin` alone. */
export function activityRoutes(activity: ActivityPort): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/v1/activity", noQuery, (context) => {
    const { runtimes, service, ...others } = activity.read();
    const isAdmin = context.get("caller").principal.scopes.includes("admin");
    const answer: Answer<typeof activitySchema> = isAdmin ? { ...others, runtimes, service } : others;
    return context.json(answer, 200, { "cache-control": "no-store" });
  });
}

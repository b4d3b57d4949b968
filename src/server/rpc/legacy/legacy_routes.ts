import { type Context, Hono } from "hono";
import { CodeBeakerError } from "../../../core/errors.ts";
import { canonicalLanguage } from "../../../core/languages.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { jsonBody } from "../../http/json_body.ts";
import type { Peer } from "../call_context.ts";
import { callMethod } from "../method.ts";
import type { MethodTable } from "../method_table.ts";
import type { AvailableLanguage } from "../runtime_catalogue.ts";

/** The original's HTTP clients, which receive no notifications and feed no stdin. */
const NO_PEER: Peer = { isStreaming: false, isStrict: false, feeds: "none" };

/** The original's HTTP door. Its answers are those of JSON-RPC methods. */
export function legacyRoutes(methods: MethodTable): Hono<AppEnv> {
  async function call(context: Context<AppEnv>, { method, params }: { method: string; params?: unknown }) {
    const [caller, lease] = [context.get("caller"), context.get("lease")];
    const { signal } = context.req.raw;
    return await callMethod(methods.get(method), params, { caller, lease, peer: NO_PEER, signal });
  }

  return new Hono<AppEnv>()
    .post("/api/execution", async (context) => {
      const params = await jsonBody(context);
      return context.json(await call(context, { method: "execution.run", params }));
    })
    .get("/api/execution/:id", async (context) => {
      const params = { executionId: context.req.param("id") };
      const status = await call(context, { method: "execution.status", params });
      const isMissing = "status" in status && status.status === "not_found";
      return context.json(status, isMissing ? 404 : 200);
    })
    .get("/api/language", async (context) => context.json(await call(context, { method: "language.list" })))
    .get("/api/language/:name", async (context) => {
      const asked = context.req.param("name");
      const { languages } = await call(context, { method: "language.list" }) as { languages: AvailableLanguage[] };
      const found = languages.find(({ name }) => name === canonicalLanguage(asked));
      if (found !== undefined) return context.json(found);
      const value = JSON.stringify(asked.slice(0, 64));
      throw new CodeBeakerError(
        "not_found",
        `Cannot find a runtime for the language now: GET /v1/languages says what to install: current value is ${value}`,
      );
    });
}

import { type Context, Hono } from "hono";
import type { AppEnv } from "../http/app_env.ts";
import { sendProblem } from "../http/problem.ts";
import { PROTOCOL_PATHS } from "../protocol_paths.ts";
import { codapiRoutes, sendCodapiError } from "./codapi/mod.ts";
import type { CompatOptions } from "./compat_options.ts";
import { e2bRoutes, sendE2bError } from "./e2b/mod.ts";
import { jupyterRoutes, sendJupyterError } from "./jupyter/mod.ts";
import { libreChatRoutes, sendLibreChatError } from "./librechat/mod.ts";
import { pistonRoutes, sendPistonError } from "./piston/mod.ts";

type SendError = (context: Context<AppEnv>, error: unknown) => Response;

/** The senders of errors of other protocols, by their paths. */
const ERROR_SENDERS: readonly (readonly [paths: RegExp, send: SendError])[] = [
  [PROTOCOL_PATHS.piston, sendPistonError],
  [PROTOCOL_PATHS.jupyter, sendJupyterError],
  [PROTOCOL_PATHS.codapi, sendCodapiError],
  [PROTOCOL_PATHS.libreChat, sendLibreChatError],
  [PROTOCOL_PATHS.e2b, sendE2bError],
];

/** The doors for clients of other services. Each loads its code at its first request. */
export function compatRoutes(options: CompatOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  for (const routes of [pistonRoutes, codapiRoutes, libreChatRoutes, e2bRoutes, jupyterRoutes]) {
    app.route("/", routes(options));
  }
  return app;
}

/** Answers with an error in the form of the protocol that the path belongs to. */
export function sendError(context: Context<AppEnv>, error: unknown): Response {
  const own = ERROR_SENDERS.find(([paths]) => paths.test(context.req.path));
  return (own?.[1] ?? sendProblem)(context, error);
}

import type { Context } from "hono";
import { auth } from "hono/utils/basic-auth";
import { CodeBeakerError, hasCode } from "../../../core/errors.ts";
import type { AppEnv } from "../../http/app_env.ts";
import type { CompatOptions } from "../compat_options.ts";
import { CODE_CALLS } from "./code.ts";
import { isStream, notSupported } from "./connect.ts";
import { FILE_CALLS } from "./files.ts";
import { Processes } from "./processes.ts";
import type { SandboxCall, SandboxCalls } from "./sandbox_call.ts";
import { CONTROL_CALLS, findOpen } from "./sandboxes.ts";

/**
 * Makes the answers of E2B's APIs over sessions. The header `E2b-Sandbox-Id` tells a sandbox's from the one that
 * controls sandboxes.
 */
export function e2bAnswers({ engine, sessions }: CompatOptions): (context: Context<AppEnv>) => Promise<Response> {
  const sandboxCalls: SandboxCalls = {
    "GET /health": ({ context }) => context.body(null, 204),
    ...FILE_CALLS,
    ...CODE_CALLS,
    ...new Processes().calls,
  };
  return async (context) => {
    const path = context.req.path.replace(/^\/e2b(?:\/v2(?=\/sandboxes))?/, "");
    const [, named = ""] = /^\/sandboxes\/([^/]+)/.exec(path) ?? [];
    const pattern = path.replace(/^\/(sandboxes|contexts)\/[^/]+/, "/$1/{id}");
    const own = context.req.header("e2b-sandbox-id");
    const call = { context, caller: context.get("caller"), engine, id: own ?? named, sessions };
    if (own !== undefined) {
      checkSandbox(call);
      if (isStream(context.req.path)) context.set("problemStatus", 200); // Its errors are inside.
      checkUser(context);
    }
    const calls = own === undefined ? CONTROL_CALLS : sandboxCalls;
    return await calls[`${context.req.method} ${pattern}`]?.(call) ?? notSupported(context);
  };
}

/** Refuses a sandbox that is not there by 502, as E2B's proxy does. */
function checkSandbox(call: SandboxCall): void {
  try {
    findOpen(call);
  } catch (error) {
    if (hasCode(error, "not_found")) call.context.set("problemStatus", 502);
    throw error;
  }
}

/** Refuses another user than programs have. E2B's clients name theirs by Basic authentication. */
function checkUser({ req }: Context<AppEnv>): void {
  const isNamed = /^Basic /i.test(req.header("authorization") ?? "");
  const user = isNamed ? auth(req.raw)?.username : req.query("username") ?? "user";
  if (user === "user") return;
  throw new CodeBeakerError("permission_denied", "Cannot be another user as programs of a sandbox have one: user");
}

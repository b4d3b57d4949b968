import type { Context } from "hono";
import { auth } from "hono/utils/basic-auth";
import { CodeBeakerError, hasCode } from "../../../core/errors.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { describeRequest } from "../../http/methods.ts";
import { toFailure } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";
import { CODE_CALLS } from "./code.ts";
import { isRpc, NOT_SUPPORTED, streamError, toConnectError } from "./connect.ts";
import { FILE_CALLS } from "./files.ts";
import { Processes } from "./processes.ts";
import type { SandboxCall, SandboxCalls } from "./sandbox_call.ts";
import { CONTROL_CALLS, findOpen } from "./sandboxes.ts";

/** Procedures that answer with a stream. */
const STREAMS = ["/process.Process/Start", "/process.Process/Connect", "/filesystem.Filesystem/WatchDir"];

/** E2B's APIs over sessions. The header `E2b-Sandbox-Id` tells a sandbox's from the one that controls sandboxes. */
export class E2bDoor {
  readonly #options: CompatOptions;
  readonly #calls: SandboxCalls;

  constructor(options: CompatOptions) {
    this.#options = options;
    this.#calls = {
      "GET /health": ({ context }) => context.body(null, 204),
      ...FILE_CALLS,
      ...CODE_CALLS,
      ...new Processes(options).calls,
    };
  }

  /** Answers a request. */
  async answer(context: Context<AppEnv>): Promise<Response> {
    const path = context.req.path.replace(/^\/e2b(?:\/v2(?=\/sandboxes))?/, "");
    const [, named = ""] = /^\/sandboxes\/([^/]+)/.exec(path) ?? [];
    const pattern = path.replace(/^\/(sandboxes|contexts)\/[^/]+/, "/$1/{id}");
    const own = context.req.header("e2b-sandbox-id");
    const call = { context, caller: context.get("caller"), id: own ?? named, sessions: this.#options.sessions };
    if (own === undefined) return await serve(call, CONTROL_CALLS, pattern) ?? notSupported(context);
    checkSandbox(call);
    if (!STREAMS.includes(path)) {
      checkUser(context);
      return await serve(call, this.#calls, pattern) ?? notSupported(context);
    }
    try {
      checkUser(context);
      return await serve(call, this.#calls, path) ?? streamError({ code: "unimplemented", message: NOT_SUPPORTED });
    } catch (error) {
      const failure = toFailure(error, context.get("requestId"));
      this.#options.observer.refused?.({ caller: call.caller, what: describeRequest(context), error: failure });
      return streamError(toConnectError(failure)); // Its status is 200, as the error of a stream is in the stream.
    }
  }
}

/** Answers by a table of calls; undefined for what is not supported. */
async function serve(call: SandboxCall, calls: SandboxCalls, pattern: string): Promise<Response | undefined> {
  return await calls[`${call.context.req.method} ${pattern}`]?.(call);
}

function notSupported(context: Context<AppEnv>): Response {
  return context.json({ code: isRpc(context.req.path) ? "unimplemented" : 501, message: NOT_SUPPORTED }, 501);
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

import type { Context } from "hono";
import { CodeBeakerError, hasCode } from "../../../core/errors.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { describeRequest } from "../../http/methods.ts";
import type { CompatOptions } from "../compat_options.ts";
import { closeContext, CODE_CALLS } from "./code.ts";
import { isRpc, NOT_SUPPORTED, streamError, toConnectError } from "./connect.ts";
import { FILE_CALLS } from "./files.ts";
import { Processes } from "./processes.ts";
import type { SandboxCall, SandboxCalls } from "./sandbox_call.ts";
import { createSandbox, findOpen, listSandboxes, SANDBOX_ACTIONS } from "./sandboxes.ts";

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
    const path = context.req.path.slice("/e2b".length);
    const caller = context.get("caller");
    const { sessions } = this.#options;
    const id = context.req.header("e2b-sandbox-id");
    if (id === undefined) return await this.#control(context, path) ?? notSupported(context);
    const call = { context, caller, id, sessions };
    try {
      findOpen(call);
    } catch (error) {
      if (!hasCode(error, "not_found")) throw error;
      this.#report(context, error);
      return context.json({ sandboxId: id, message: "The sandbox was not found", code: 502 }, 502);
    }
    checkUser(context);
    if (!STREAMS.includes(path)) return await this.#serve(call, path) ?? notSupported(context);
    try {
      return await this.#serve(call, path) ?? streamError({ code: "unimplemented", message: NOT_SUPPORTED });
    } catch (error) {
      this.#report(context, error); // Its status is 200, as the error of a stream is in the stream.
      return streamError(toConnectError(error, context.get("requestId")));
    }
  }

  /** Answers the API that controls sandboxes; undefined for what is not supported. */
  async #control(context: Context<AppEnv>, path: string): Promise<Response | undefined> {
    const match = /^(?:\/v2)?\/sandboxes(?:\/([^/]+))?(?:\/(\w+))?$/.exec(path);
    if (match === null) return undefined;
    const [, id, action = ""] = match;
    const caller = context.get("caller");
    const { sessions } = this.#options;
    const { method } = context.req;
    if (id === undefined && method === "POST") return await createSandbox(context, sessions);
    if (id === undefined && method === "GET") return listSandboxes(context, sessions);
    if (id === undefined) return undefined;
    return await SANDBOX_ACTIONS[`${method} ${action}`]?.({ context, caller, id, sessions });
  }

  /** Answers the APIs of one sandbox; undefined for what is not supported. */
  async #serve(call: SandboxCall, path: string): Promise<Response | undefined> {
    const { method } = call.context.req;
    const [, context] = /^\/contexts\/([^/]+)$/.exec(path) ?? [];
    if (context !== undefined) return method === "DELETE" ? await closeContext(call, context) : undefined;
    return await this.#calls[`${method} ${path}`]?.(call);
  }

  /** Reports an error that the door itself answers with. */
  #report(context: Context<AppEnv>, error: unknown): void {
    if (!(error instanceof CodeBeakerError)) return;
    this.#options.observer.refused?.({ caller: context.get("caller"), what: describeRequest(context), error });
  }
}

function notSupported(context: Context<AppEnv>): Response {
  return context.json({ code: isRpc(context.req.path) ? "unimplemented" : 501, message: NOT_SUPPORTED }, 501);
}

/** Refuses another user than programs have. E2B's clients name theirs by Basic authentication. */
function checkUser(context: Context<AppEnv>): void {
  const basic = /^Basic +(\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
  const user = basic === undefined ? context.req.query("username") : userIn(basic);
  if (user === undefined || user === "user") return;
  throw new CodeBeakerError("permission_denied", "Cannot be another user as programs of a sandbox have one: user");
}

/** The user of Basic authentication. Text that is not base64 counts as an unknown user. */
function userIn(credentials: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(credentials)).replace(/:.*$/s, "");
  } catch {
    return "";
  }
}

import type { Context } from "hono";
import { CodeBeakerError, hasCode } from "../../../core/errors.ts";
import type { AppEnv } from "../../http/app_env.ts";
import { describeRequest } from "../../http/methods.ts";
import { toProblem } from "../../http/problem.ts";
import type { CompatOptions } from "../compat_options.ts";
import { createContext, executeCode, listContexts } from "./code.ts";
import { CONNECT_CODES, isRpc, NOT_SUPPORTED, streamError } from "./connect.ts";
import { downloadFile, FILE_PROCEDURES, uploadFiles } from "./files.ts";
import { Processes } from "./processes.ts";
import {
  connectSandbox,
  createSandbox,
  findOpen,
  killSandbox,
  listSandboxes,
  setTimeoutOf,
  showSandbox,
} from "./sandboxes.ts";

/** Procedures that answer with a stream. */
const STREAMS = ["/process.Process/Start", "/process.Process/Connect", "/filesystem.Filesystem/WatchDir"];

/** E2B's APIs over sessions. The header `E2b-Sandbox-Id` tells a sandbox's from the one that controls sandboxes. */
export class E2bDoor {
  readonly #options: CompatOptions;
  readonly #processes: Processes;

  constructor(options: CompatOptions) {
    this.#options = options;
    this.#processes = new Processes(options);
  }

  /** Answers a request. */
  async answer(context: Context<AppEnv>): Promise<Response> {
    const path = context.req.path.slice("/e2b".length);
    const sandbox = context.req.header("e2b-sandbox-id");
    const call = `${context.req.method} ${path}`;
    if (sandbox === undefined) return await this.#control(context, call) ?? notSupported(context);
    const { sessions } = this.#options;
    try {
      findOpen(context, { id: sandbox, sessions });
    } catch (error) {
      if (!hasCode(error, "not_found")) throw error;
      this.#report(context, error);
      return context.json({ sandboxId: sandbox, message: "The sandbox was not found", code: 502 }, 502);
    }
    checkUser(context);
    if (!STREAMS.includes(path)) return await this.#serve(context, { call, sandbox }) ?? notSupported(context);
    try {
      return await this.#serve(context, { call, sandbox }) ??
        streamError({ code: "unimplemented", message: NOT_SUPPORTED });
    } catch (error) {
      return this.#streamFailure(context, error);
    }
  }

  /** Answers the API that controls sandboxes; undefined for what is not supported. */
  async #control(context: Context<AppEnv>, call: string): Promise<Response | undefined> {
    const { sessions } = this.#options;
    const [, method = "", id = "", action = ""] = /^(\w+) (?:\/v2)?\/sandboxes(?:\/([^/]+))?(?:\/(\w+))?$/.exec(call) ??
      [];
    const named = { id, sessions };
    if (id === "") {
      if (method === "POST") return await createSandbox(context, sessions);
      return method === "GET" ? listSandboxes(context, sessions) : undefined;
    }
    switch (`${method} ${action}`) {
      case "GET ":
        return showSandbox(context, named);
      case "DELETE ":
        return await killSandbox(context, named);
      case "POST timeout":
        return await setTimeoutOf(context, named);
      case "POST connect":
        return await connectSandbox(context, named);
      default:
        return undefined;
    }
  }

  /** Answers the APIs of one sandbox; undefined for what is not supported. */
  async #serve(
    context: Context<AppEnv>,
    { call, sandbox }: { readonly call: string; readonly sandbox: string },
  ): Promise<Response | undefined> {
    const { sessions } = this.#options;
    const contexts = () => sessions.contexts(context.get("caller"), sandbox);
    const files = { context, id: sandbox, sessions };
    switch (call) {
      case "GET /health":
        return context.body(null, 204);
      case "GET /files":
        return await downloadFile(files);
      case "POST /files":
        return await uploadFiles(files);
      case "POST /execute":
        return await executeCode(context, contexts());
      case "POST /contexts":
        return await createContext(context, contexts());
      case "GET /contexts":
        return listContexts(context, contexts());
      case "POST /process.Process/Start":
        return await this.#processes.start(context, sandbox);
      case "POST /process.Process/List":
        return this.#processes.list(context, sandbox);
      case "POST /process.Process/SendInput":
        return await this.#processes.sendInput(context, sandbox);
      case "POST /process.Process/CloseStdin":
        return await this.#processes.closeStdin(context, sandbox);
      case "POST /process.Process/SendSignal":
        return await this.#processes.sendSignal(context, sandbox);
    }
    const [, procedure = ""] = /^POST \/filesystem\.Filesystem\/(\w+)$/.exec(call) ?? [];
    if (Object.hasOwn(FILE_PROCEDURES, procedure)) return await FILE_PROCEDURES[procedure]?.(files);
    const [, closed] = /^DELETE \/contexts\/([^/]+)$/.exec(call) ?? [];
    if (closed === undefined) return undefined;
    await contexts().close(closed);
    return context.body(null, 204);
  }

  /** Reports an error that the door itself answers with. */
  #report(context: Context<AppEnv>, error: unknown): void {
    if (!(error instanceof CodeBeakerError)) return;
    this.#options.observer.refused?.({ caller: context.get("caller"), what: describeRequest(context), error });
  }

  /** Answers a stream that has not begun with its error. Such an error is in the stream, and its status is 200. */
  #streamFailure(context: Context<AppEnv>, error: unknown): Response {
    this.#report(context, error);
    const { code, detail, errors } = toProblem(error, context.get("requestId"));
    return streamError({ code: errors === undefined ? CONNECT_CODES[code] : "invalid_argument", message: detail });
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

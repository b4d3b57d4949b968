import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError, Server } from "@modelcontextprotocol/server";
import { CodeBeakerError } from "../../core/errors.ts";
import { LANGUAGE_NAMES } from "../../core/languages.ts";
import { unknownName } from "../../core/parsing/validation.ts";
import { SERVICE_NAME, VERSION } from "../../core/version.ts";
import type { Observer } from "../../engine/observer.ts";
import { toProblem } from "../http/problem.ts";
import { callTool } from "./call_tool.ts";
import type { Exchange, FindExchange } from "./exchange.ts";
import { Progress } from "./progress.ts";
import { PROMPT_LIST, writePrompt } from "./prompts.ts";
import { completeSession, listResources, readResource, TEMPLATES } from "./resources.ts";
import { describeTool, type ToolPorts, TOOLS } from "./tools/mod.ts";

/** What the server answers from. */
export interface McpParts extends ToolPorts {
  readonly observer: Observer;
}

/** The name and version that the server gives in both eras. */
export const SERVER_INFO = { name: SERVICE_NAME.toLowerCase(), title: SERVICE_NAME, version: VERSION };

/** What the server can do. Nothing of it changes while the service runs, so there are no notifications of changes. */
export const CAPABILITIES = { tools: {}, resources: {}, prompts: {}, completions: {} };

/** What a model should know before its first call. */
export const INSTRUCTIONS =
  'Runs code in a sandbox. For one program call run_code. To keep files between calls, start a session (run_code with session "new", or write_file, run_command and install_packages without session) and pass the session of the result. Everything but the session\'s own files is denied by default; a result lists what was denied, and the call that allows it.';

/** How long a client may keep a list, in ms. Lists change only with the service's version. */
const LIST_TTL_MS = 3_600_000;

/** Most values that a completion may have, by the protocol. */
const MAX_COMPLETIONS = 100;

/** The part of a request's context that handlers use. */
interface RequestContext {
  readonly mcpReq: {
    readonly method: string;
    readonly signal: AbortSignal;
    readonly _meta?: { readonly progressToken?: string | number | undefined } | undefined;
    notify(notification: { method: "notifications/progress"; params: Record<string, unknown> }): Promise<void>;
  };
  readonly http?: { readonly req?: Request | undefined } | undefined;
}

/** Creates the servers of a service, one for each connection or request. All share what is costly to make. */
export class McpServers {
  readonly #parts: McpParts;
  readonly #findExchange: FindExchange;
  readonly #tools = TOOLS.map(describeTool);
  /** Validates no schema, as the client is never asked for input. */
  readonly #validator = { getValidator: () => refuseValidation };

  constructor(parts: McpParts, findExchange: FindExchange) {
    this.#parts = parts;
    this.#findExchange = findExchange;
  }

  /** Creates a server that is not connected yet. It serves the protocol's revisions from 2024-10-07 to 2026-07-28. */
  create(): Server {
    const list = { ttlMs: LIST_TTL_MS, cacheScope: "public" as const };
    const server = new Server(SERVER_INFO, {
      capabilities: CAPABILITIES,
      instructions: INSTRUCTIONS,
      jsonSchemaValidator: this.#validator,
      cacheHints: {
        "tools/list": list,
        "prompts/list": list,
        "resources/templates/list": list,
        "server/discover": list,
      },
    });
    server.setRequestHandler("tools/list", () => ({ tools: this.#tools }));
    server.setRequestHandler("tools/call", ({ params }, context) => this.#call(params, context));
    server.setRequestHandler("prompts/list", () => ({ prompts: PROMPT_LIST }));
    server.setRequestHandler(
      "prompts/get",
      ({ params }, context) => this.#answer(context, () => writePrompt(params.name, params.arguments ?? {})),
    );
    server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: TEMPLATES }));
    server.setRequestHandler(
      "resources/list",
      ({ params }, context) => this.#answer(context, (reader) => listResources(reader, params?.cursor)),
    );
    server.setRequestHandler(
      "resources/read",
      ({ params }, context) => this.#answer(context, (reader) => readResource(reader, params.uri), params.uri),
    );
    server.setRequestHandler(
      "completion/complete",
      ({ params: { argument, ref } }, context) =>
        this.#answer(context, (reader) => {
          const isSession = ref.type === "ref/resource" && argument.name === "session";
          const isLanguage = ref.type === "ref/prompt" && argument.name === "language";
          const values = isSession
            ? completeSession(reader, argument.value)
            : LANGUAGE_NAMES.filter((name) => isLanguage && name.startsWith(argument.value));
          const { length: total } = values;
          return {
            completion: { values: values.slice(0, MAX_COMPLETIONS), total, hasMore: total > MAX_COMPLETIONS },
          };
        }),
    );
    return server;
  }

  async #call(params: { readonly name: string; readonly arguments?: unknown }, context: RequestContext) {
    const tool = TOOLS.find(({ name }) => name === params.name);
    if (tool === undefined) {
      const message = `Unknown tool ${unknownName(params.name, TOOLS.map(({ name }) => name))}`;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
    }
    const { caller, memory, signal, track } = this.#findExchange(context.http?.req);
    const { mcpReq } = context;
    const progressToken = mcpReq._meta?.progressToken;
    using progress = progressToken === undefined ? undefined : new Progress((report) => {
      const params = { progressToken, ...report };
      mcpReq.notify({ method: "notifications/progress", params }).catch(() => {}); // The client has disconnected.
    });
    const answer = callTool(tool, params.arguments, {
      ...this.#parts,
      ...{ caller, memory },
      signal: anySignal(mcpReq.signal, signal),
      onOutput: progress && ((chunk) => progress.add(chunk)),
    });
    track?.(answer);
    const { content, ...rest } = await answer;
    return { ...rest, content: [...content] };
  }

  /** Answers a request of another kind. Its errors have the codes of the protocol, and the problem as data. */
  async #answer<Result>(
    context: RequestContext,
    work: (
      reader: Pick<Exchange, "caller" | "memory"> & Pick<McpParts, "sessions"> & { signal: AbortSignal },
    ) => Promise<Result> | Result,
    uri = "",
  ): Promise<Result> {
    const { caller, memory, signal, track } = this.#findExchange(context.http?.req);
    const { sessions, observer } = this.#parts;
    try {
      const reader = { caller, memory, sessions, signal: anySignal(context.mcpReq.signal, signal) };
      const answer = Promise.resolve(work(reader));
      track?.(answer);
      return await answer;
    } catch (error) {
      if (error instanceof CodeBeakerError) observer.refused?.({ caller, what: context.mcpReq.method, error });
      throw toProtocolError(error, { uri, requestId: caller.requestId ?? "" });
    }
  }
}

/** Translates an error. The protocol has one code for every fault of a caller, and one for an unknown resource. */
function toProtocolError(
  error: unknown,
  { requestId, uri }: { readonly uri: string; readonly requestId: string },
): ProtocolError {
  const problem = toProblem(error, requestId);
  const { code, detail } = problem;
  if (code === "not_found" && uri !== "") return new ResourceNotFoundError(uri, detail);
  const isOurs = code === "internal" || code === "runtime_unavailable" || code === "busy";
  return new ProtocolError(isOurs ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams, detail, problem);
}

function anySignal(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}

function refuseValidation(): never {
  throw new Error("The client is asked for no input");
}

import { createMcpHandler, isLegacyRequest } from "@modelcontextprotocol/server";
import type { McpServerFactory, Server } from "@modelcontextprotocol/server";
import type { Context } from "hono";
import type { Clock } from "../../concurrency/clock.ts";
import { CodeBeakerError, hasCode, messageOf } from "../../core/errors.ts";
import type { Observer } from "../../engine/observer.ts";
import { log } from "../../log.ts";
import type { AppEnv } from "../http/app_env.ts";
import { jsonBody } from "../http/json_body.ts";
import { describeRequest } from "../http/methods.ts";
import { toProblem } from "../http/problem.ts";
import { checkMessages } from "./check_messages.ts";
import type { Exchange, FindExchange } from "./exchange.ts";
import type { McpLimits } from "./limits.ts";
import { ProtocolSessions } from "./protocol_sessions.ts";

/** Codes of JSON-RPC 2.0 (section 5.1). */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INTERNAL_ERROR = -32_603;

/** Parts of the interface. */
export interface McpDoorOptions {
  readonly clock: Clock;
  readonly limits: McpLimits;
  readonly observer: Observer;
  /** Creates a server for a connection or a request. It finds the client of a request by `findExchange`. */
  serverFactory(findExchange: FindExchange): () => Server;
}

/** The Model Context Protocol over streamable HTTP, in every revision. Disposing cancels what it runs. */
export class McpDoor implements AsyncDisposable {
  readonly #observer: Observer;
  readonly #exchanges = new WeakMap<Request, Exchange>();
  readonly #sessions: ProtocolSessions;
  readonly #modern: ReturnType<typeof createMcpHandler>;

  constructor({ clock, limits, observer, serverFactory }: McpDoorOptions) {
    this.#observer = observer;
    const createServer = serverFactory((request) => this.#exchangeOf(request));
    this.#sessions = new ProtocolSessions({ clock, limits, createServer });
    const factory: McpServerFactory = createServer;
    // A stream from the start: closing it is how a client of this revision cancels.
    this.#modern = createMcpHandler(factory, {
      legacy: "reject",
      responseMode: "sse",
      onerror: (error) => log.debug("mcp.refused", { error: error.message }),
    });
  }

  /** The number of open protocol sessions. */
  get sessionCount(): number {
    return this.#sessions.count;
  }

  /** Answers a request. Its errors are those of JSON-RPC, with the problem as data. */
  async answer(context: Context<AppEnv>): Promise<Response> {
    const { raw: request } = context.req;
    const caller = context.get("caller");
    try {
      const lease = context.get("lease");
      const body = request.method === "POST" ? await readBody(context) : undefined;
      checkMessages(body, lease);
      const { signal, track } = followAnswer(context);
      this.#exchanges.set(request, {
        ...{ caller, signal, memory: lease },
        track: (work) => {
          track(work);
          this.#sessions.keepUntil(request, { tenant: caller.principal.tenant, work });
        },
      });
      if (!await isLegacyRequest(request, body)) return await this.#modern.fetch(request, { parsedBody: body });
      return await this.#sessions.handle(request, { tenant: caller.principal.tenant, body });
    } catch (error) {
      if (request.signal.aborted) throw error;
      if (error instanceof CodeBeakerError) {
        this.#observer.refused?.({ caller, what: describeRequest(context), error });
      }
      return sendError(context, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#modern.close(), this.#sessions[Symbol.asyncDispose]()]);
  }

  #exchangeOf(request: Request | undefined): Exchange {
    const exchange = request === undefined ? undefined : this.#exchanges.get(request);
    if (exchange === undefined) throw new CodeBeakerError("internal", "Cannot tell whose request this is");
    return exchange;
  }
}

/**
 * Follows the answer of a request. The request's memory is kept until the answer is sent and the tracked work has
 * settled. The signal aborts when the client is gone before that work has settled.
 */
function followAnswer(
  { env, get, req }: Context<AppEnv>,
): { readonly signal: AbortSignal; track(work: Promise<unknown>): void } {
  const lease = get("lease");
  const gone = new AbortController();
  let running = 0;
  const leave = () => void running--;
  const end = () => running > 0 && gone.abort();
  req.raw.signal.addEventListener("abort", () => gone.abort());
  if (req.raw.signal.aborted) gone.abort();
  if (env.completed !== undefined) {
    lease.keepUntil(env.completed);
    env.completed.then(end, end);
  }
  return {
    signal: gone.signal,
    track(work) {
      running++;
      work.then(leave, leave);
      lease.keepUntil(work);
    },
  };
}

/** A body that is no JSON, which JSON-RPC has a code of its own for. */
class UnreadableBody extends Error {
  override readonly name = "UnreadableBody";
}

async function readBody(context: Context<AppEnv>): Promise<unknown> {
  try {
    return await jsonBody(context);
  } catch (error) {
    throw hasCode(error, "invalid_request") ? new UnreadableBody(messageOf(error), { cause: error }) : error;
  }
}

function sendError(context: Context<AppEnv>, error: unknown): Response {
  const isUnreadable = error instanceof UnreadableBody;
  const problem = toProblem(isUnreadable ? error.cause : error, context.get("requestId"));
  const isOurs = problem.code === "internal" || problem.code === "busy";
  const code = isUnreadable ? PARSE_ERROR : isOurs ? INTERNAL_ERROR : INVALID_REQUEST;
  if (problem.retryAfterMs !== undefined) context.header("retry-after", String(Math.ceil(problem.retryAfterMs / 1000)));
  const answer = { jsonrpc: "2.0", id: null, error: { code, message: problem.detail, data: problem } };
  return context.json(answer, problem.status);
}

import {
  isInitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type RequestId,
  type Server,
  WebStandardStreamableHTTPServerTransport as Transport,
} from "@modelcontextprotocol/server";
import type { Clock } from "../../concurrency/clock.ts";
import { CodeBeakerError } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import type { McpLimits } from "./limits.ts";

/** How often idle sessions are looked for, in ms. */
const POLL_MS = 60_000;
const HEADER = "mcp-session-id";

/** One protocol session of a client. */
interface ProtocolSession {
  readonly id: string;
  readonly tenant: string;
  readonly transport: Transport;
  /** Ids of the messages that are not answered yet. */
  readonly unanswered: Set<RequestId | undefined>;
  /** When it was last used, in ms of elapsed time. */
  usedAt: number;
  /** Requests that are being answered. */
  running: number;
  /** Whether it has sent several messages in one body. They share the stream of their answers. */
  hasBatches: boolean;
}

/** A request of a client that uses protocol sessions. */
export interface SessionRequest {
  readonly tenant: string;
  /** The parsed body of a POST. */
  readonly body: unknown;
}

/** The parts of protocol sessions. */
export interface ProtocolSessionsOptions {
  readonly clock: Clock;
  readonly limits: McpLimits;
  /** Creates the server of a session. */
  createServer(): Server | Promise<Server>;
}

/**
 * The protocol sessions of clients before the revision 2026-07-28. A client rarely closes its own, so an idle one is
 * closed, and the longest unused one where there is no room. Its client then starts another. Disposing closes all.
 */
export class ProtocolSessions implements AsyncDisposable {
  readonly #options: ProtocolSessionsOptions;
  readonly #open = new Map<string, ProtocolSession>();
  readonly #polling: Disposable;

  constructor(options: ProtocolSessionsOptions) {
    this.#options = options;
    this.#polling = options.clock.every(POLL_MS, () => this.#closeIdle());
  }

  /** The number of open sessions. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Answers a request.
   *
   * @throws {CodeBeakerError} `not_found` for an unknown session or another tenant's; `invalid_request` without one, and
   *   for an id of a message that is not answered yet; `busy` when there is no room for another
   */
  async handle(request: Request, { tenant, body }: SessionRequest): Promise<Response> {
    const id = request.headers.get(HEADER);
    const session = id === null ? await this.#start(tenant, body) : this.#find(id, tenant);
    if (session === undefined) throw new CodeBeakerError("not_found", "Cannot find this session: start another one");
    const messages = Array.isArray(body) ? body : [body];
    const ids = addIds(session, messages);
    session.usedAt = this.#options.clock.elapsed();
    if (Array.isArray(body)) session.hasBatches = true;
    const forget = () => ids.forEach((id) => session.unanswered.delete(id));
    const answered = session.transport.handleRequest(request, { parsedBody: body });
    answered.catch(forget);
    const response = await answered;
    if (!response.ok) forget();
    if (id === null && !response.ok) await this.#close(session);
    for (const message of messages) await endCancelled(session, message);
    return response;
  }

  /** Keeps the tenant's session of a request from being closed until work settles. */
  keepUntil(request: Request, { tenant, work }: { readonly tenant: string; readonly work: Promise<unknown> }): void {
    const session = this.#find(request.headers.get(HEADER) ?? "", tenant);
    if (session === undefined) return;
    session.running++;
    const leave = () => {
      session.running--;
      session.usedAt = this.#options.clock.elapsed();
    };
    work.then(leave, leave);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#polling[Symbol.dispose]();
    await Promise.all([...this.#open.values()].map((session) => this.#close(session)));
  }

  #find(id: string, tenant: string): ProtocolSession | undefined {
    const session = this.#open.get(id);
    return session?.tenant === tenant ? session : undefined;
  }

  async #start(tenant: string, body: unknown): Promise<ProtocolSession> {
    if (!isInitializeRequest(body)) {
      const message =
        "Cannot serve this request without a session: send initialize first, and Mcp-Session-Id with others";
      throw new CodeBeakerError("invalid_request", message);
    }
    const closing = this.#makeRoom(tenant);
    const id = newId("mcp");
    const transport = new Transport({
      sessionIdGenerator: () => id,
      onsessionclosed: () => void this.#open.delete(id),
    });
    const unanswered = new Set<RequestId | undefined>();
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) unanswered.delete(message.id);
      return send(message, options);
    };
    const session = {
      ...{ id, tenant, transport, unanswered, running: 0, hasBatches: false },
      usedAt: this.#options.clock.elapsed(),
    };
    this.#open.set(id, session); // Before the first wait, so that no other request takes its room.
    await closing;
    try {
      await (await this.#options.createServer()).connect(transport);
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
    return session;
  }

  /** Begins to close a session where there is no room. It is the tenant's own, or of the tenant with the most. */
  #makeRoom(tenant: string): Promise<void> | undefined {
    const { maxSessions, maxSessionsPerTenant } = this.#options.limits;
    const ofTenant = Map.groupBy(this.#open.values(), (session) => session.tenant);
    const own = ofTenant.get(tenant) ?? [];
    if (own.length < maxSessionsPerTenant && this.#open.size < maxSessions) return undefined;
    const [largest = []] = [...ofTenant.values()].toSorted((one, other) => other.length - one.length);
    const crowd = own.length >= maxSessionsPerTenant ? own : largest;
    const [unused] = crowd.filter(({ running }) => running === 0).toSorted((one, other) => one.usedAt - other.usedAt);
    if (unused !== undefined) return this.#close(unused);
    const details = { retryAfterMs: 1_000 };
    throw new CodeBeakerError("busy", "Cannot start another session as all are in use: close one", { details });
  }

  #closeIdle(): void {
    const since = this.#options.clock.elapsed() - this.#options.limits.idleTimeoutMs;
    for (const session of this.#open.values()) {
      if (session.running === 0 && session.usedAt <= since) this.#close(session);
    }
  }

  /** Closes a session. What runs in it is cancelled. */
  async #close({ id, transport }: ProtocolSession): Promise<void> {
    this.#open.delete(id);
    await transport.close();
  }
}

/**
 * Adds the ids of a body's messages to the session's. The transport finds the stream of an answer by its id, so that the
 * earlier of two messages with the same id would never be answered.
 */
function addIds({ unanswered }: ProtocolSession, messages: readonly unknown[]): RequestId[] {
  const ids = messages.filter(isJSONRPCRequest).map(({ id }) => id);
  const repeated = ids.find((id, index) => unanswered.has(id) || ids.indexOf(id) < index);
  if (repeated === undefined) {
    ids.forEach((id) => unanswered.add(id));
    return ids;
  }
  const message = "Cannot take this message as another with its id is not answered yet: give each an id of its own";
  throw new CodeBeakerError("invalid_request", `${message}: current value is ${JSON.stringify(repeated)}`);
}

/**
 * Ends the stream of a call that the client has cancelled. The server answers nothing to it, and the stream would stay
 * open until its client closes it.
 */
async function endCancelled({ hasBatches, transport }: ProtocolSession, message: unknown): Promise<void> {
  if (!isJSONRPCNotification(message) || message.method !== "notifications/cancelled") return;
  const id = message.params?.["requestId"];
  if (typeof id !== "string" && typeof id !== "number") return;
  if (!hasBatches) transport.closeSSEStream(id);
  const error = { code: -32_600, message: "Cancelled" };
  await transport.send({ jsonrpc: "2.0", id, error }).catch(() => {}); // The call is unknown, or has been answered.
}

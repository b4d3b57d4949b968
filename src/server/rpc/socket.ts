import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { Observer } from "../../engine/observer.ts";
import type { Caller } from "../../engine/port.ts";
import { log } from "../../log.ts";
import type { ByteBudget, ByteLease } from "../../concurrency/byte_budget.ts";
import { settledWithin } from "../../concurrency/delay.ts";
import type { Peer } from "./call_context.ts";
import {
  protocolError,
  readMessage,
  type ReadRequest,
  type RpcAnswer,
  type RpcReply,
  type RpcRequest,
  toAnswer,
  toRpcError,
} from "./message.ts";
import { callMethod } from "./method.ts";
import type { MethodTable } from "./method_table.ts";
import { SocketWriter } from "./socket_writer.ts";
import type { RpcLimits } from "./limits.ts";

/** Close codes of RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TOO_BIG = 1009;
const INTERNAL_ERROR = 1011;

/** How long the requests of a socket may take to answer that they were cancelled, and its other end to close. */
const FAREWELL_MS = 1_000;

/** What a socket is made from. */
export interface RpcSocketOptions {
  /** Who opened it, for as long as it is open. */
  readonly caller: Caller;
  readonly methods: MethodTable;
  readonly observer: Observer;
  readonly limits: Pick<RpcLimits, "maxMessageBytes" | "maxRequests" | "openWithinMs" | "maxStallMs">;
  /** What the messages of all connections may hold. */
  readonly requests: Pick<ByteBudget, "lease">;
  /** @throws {CodeBeakerError} `unauthorized` once the caller may not come in any more */
  checkKey(): void;
  /** Called when it is closed. */
  onClosed(): void;
}

/** What a message holds; `refusal` is why it may not. */
interface Hold {
  readonly lease: ByteLease;
  readonly refusal?: unknown;
}

/** A request by the name of its method, and the id under which the service knows it. */
interface NamedCall extends Hold {
  readonly name: string;
  readonly params: unknown;
  readonly requestId: string;
}

/** One connection of JSON-RPC 2.0: its requests run concurrently, and what they started ends with it. */
export class RpcSocket implements Peer {
  isStreaming = false;
  feeds: Peer["feeds"] = "unawaited";
  readonly #socket: WebSocket;
  readonly #options: RpcSocketOptions;
  readonly #writer: SocketWriter;
  /** Aborted when nobody waits for answers any more. */
  readonly #gone = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  readonly #answering = new Set<Promise<void>>();
  readonly #opening: ReturnType<typeof setTimeout>;
  /** Requests that run. */
  #running = 0;
  #calls = 0;
  /** With what it is closed, should it be open after its end. */
  #farewell: [code: number, reason: string] = [GOING_AWAY, "It took too long to be open"];

  constructor(socket: WebSocket, options: RpcSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#writer = new SocketWriter(socket, {
      signal: this.#gone.signal,
      maxStallMs: options.limits.maxStallMs,
      onStall: () => this.#leave(POLICY_VIOLATION, "Nothing was read for too long"),
    });
    // A client that vanishes before it has the answer to its request is told by nothing else.
    this.#opening = setTimeout(() => this.#end(), options.limits.openWithinMs);
    socket.onopen = () => this.#begin();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => this.#end();
    socket.onerror = () => this.#end();
  }

  notify(method: string, params: object): Promise<void> {
    return this.#writer.send(() => JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  /** Ends what it started, answers what was asked, and closes it as the service goes away. */
  async goAway(): Promise<void> {
    this.#gone.abort(shuttingDown());
    await settledWithin(Promise.all(this.#answering), FAREWELL_MS);
    this.#leave(GOING_AWAY, "The service is shutting down");
    await settledWithin(this.#closed.promise, FAREWELL_MS);
    this.#end();
  }

  /** Ends what it started, and closes it as its key is not valid any more. */
  refuse(): void {
    this.#leave(POLICY_VIOLATION, "The key is not valid any more");
  }

  #begin(): void {
    clearTimeout(this.#opening);
    if (this.#gone.signal.aborted) this.#socket.close(...this.#farewell);
  }

  #receive(data: unknown): void {
    if (!this.#gone.signal.aborted) this.#checkKey();
    if (this.#gone.signal.aborted) return;
    const { maxRequests, maxMessageBytes } = this.#options.limits;
    if (this.#answering.size >= 2 * maxRequests) {
      return this.#leave(POLICY_VIOLATION, "Too many requests whose answers are not read");
    }
    if (isLonger(data, maxMessageBytes)) {
      return this.#leave(TOO_BIG, `A message is at most ${maxMessageBytes} bytes long`);
    }
    const answering = this.#answer(data).catch((error: unknown) => this.#fail(error)).finally(() =>
      this.#answering.delete(answering)
    );
    this.#answering.add(answering);
  }

  async #answer(data: unknown): Promise<void> {
    using lease = this.#options.requests.lease(this.#options.caller.principal.tenant);
    const hold = holdMessage(lease, data);
    const message = this.#read(data);
    if (!Array.isArray(message)) {
      const answer = await this.#answerOne(message, hold);
      if (answer !== undefined) await this.#writer.send(() => JSON.stringify(answer));
      return;
    }
    const answers = await Promise.all(message.map((request) => this.#answerOne(request, hold)));
    const told = answers.filter((answer) => answer !== undefined);
    if (told.length > 0) await this.#writer.send(() => JSON.stringify(told));
  }

  #read(data: unknown): ReadRequest | ReadRequest[] {
    const { maxRequests } = this.#options.limits;
    const requestId = this.#nextRequestId();
    if (typeof data === "string") return readMessage(data, { maxRequests, requestId });
    const message = "Cannot read a binary frame as a message must be text";
    return { id: null, error: protocolError("parse_error", { message, requestId }) };
  }

  /** The answer to a request; a notification has none. */
  async #answerOne(request: ReadRequest, hold: Hold): Promise<RpcAnswer | undefined> {
    if ("error" in request) return toAnswer(request.id, { error: request.error });
    const reply = await this.#call(request, hold);
    return request.id === undefined ? undefined : toAnswer(request.id, reply);
  }

  async #call({ method: name, params }: RpcRequest, hold: Hold): Promise<RpcReply> {
    const requestId = this.#nextRequestId();
    const startedAt = performance.now();
    const reply = await this.#run({ ...hold, name, params, requestId });
    const durationMs = Math.round(performance.now() - startedAt);
    const method = name.slice(0, 64);
    const code = "error" in reply ? reply.error.code : undefined;
    log.info("call", { requestId, method, durationMs, ...(code === undefined ? {} : { code }) });
    return reply;
  }

  async #run({ name, params, requestId, lease, refusal }: NamedCall): Promise<RpcReply> {
    const { methods, limits: { maxRequests } } = this.#options;
    const method = methods.find(name);
    if (method === undefined) {
      return { error: protocolError("unknown_method", { message: methods.explainUnknown(name), requestId }) };
    }
    const caller = { ...this.#options.caller, requestId };
    this.#running++;
    try {
      if (this.#running > maxRequests) throw tooMany(maxRequests);
      if (refusal !== undefined) throw refusal;
      if (method.isUrgent !== true) await this.#writer.room(); // What is not read yet makes what is asked for wait.
      this.#gone.signal.throwIfAborted();
      return { result: await callMethod(method, params, { caller, lease, peer: this, signal: this.#gone.signal }) };
    } catch (error) {
      if (error instanceof CodeBeakerError) this.#options.observer.refused?.({ caller, what: method.name, error });
      return { error: toRpcError(error, requestId) };
    } finally {
      this.#running--;
    }
  }

  /** A key that was revoked ends what it opened. */
  #checkKey(): void {
    const { caller, checkKey, observer } = this.#options;
    try {
      checkKey();
    } catch (error) {
      if (error instanceof CodeBeakerError) observer.refused?.({ caller, what: "a message", error });
      this.refuse();
    }
  }

  #nextRequestId(): string {
    return `${this.#options.caller.requestId ?? "ws"}.${++this.#calls}`;
  }

  /** What cannot even be told of an answer, as it is too long for one text, say. */
  #fail(error: unknown): void {
    log.error("a message cannot be answered", { requestId: this.#options.caller.requestId, error: messageOf(error) });
    this.#leave(INTERNAL_ERROR, "A message cannot be answered");
  }

  /** Closes the connection, and ends what it started. */
  #leave(code: number, reason: string): void {
    this.#gone.abort(goneAway());
    this.#farewell = [code, reason];
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(code, reason);
  }

  #end(): void {
    clearTimeout(this.#opening);
    this.#gone.abort(goneAway());
    this.#closed.resolve();
    this.#options.onClosed();
  }
}

/** What was to be answered to a client that is not there any more; nobody receives it. */
function goneAway(): CodeBeakerError {
  return new CodeBeakerError("conflict", "Cannot go on as the client has gone away");
}

function shuttingDown(): CodeBeakerError {
  const details = { retryAfterMs: 1_000 };
  return new CodeBeakerError("busy", "Cannot go on as the service is shutting down", { details });
}

function tooMany(maxRequests: number): CodeBeakerError {
  const message = `Cannot take more as a connection may have at most ${maxRequests} requests under way`;
  return new CodeBeakerError("busy", message, { details: { retryAfterMs: 1_000 } });
}

/** A message for which there is no room is read all the same: its answer names its id. */
function holdMessage(lease: ByteLease, data: unknown): Hold {
  try {
    lease.growTo(typeof data === "string" ? data.length : 0);
    return { lease };
  } catch (refusal) {
    return { lease, refusal };
  }
}

/** Whether a message takes more bytes than so many; as text in UTF-8, where a code unit of UTF-16 takes one to three. */
function isLonger(message: unknown, maxBytes: number): boolean {
  if (message instanceof ArrayBuffer) return message.byteLength > maxBytes;
  if (typeof message !== "string" || message.length * 3 <= maxBytes) return false;
  return message.length > maxBytes || new TextEncoder().encode(message).length > maxBytes;
}

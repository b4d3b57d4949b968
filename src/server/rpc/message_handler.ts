import type { ByteLease } from "../../concurrency/byte_budget.ts";
import { CodeBeakerError } from "../../core/errors.ts";
import type { Observer } from "../../engine/observer.ts";
import type { Caller } from "../../engine/port.ts";
import { log } from "../../log.ts";
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

const MAX_LOGGED_NAME_LENGTH = 64;

/** Parts of a message handler. */
export interface MessageHandlerOptions {
  readonly caller: Caller;
  readonly methods: MethodTable;
  readonly observer: Observer;
  readonly maxRequests: number;
  readonly peer: Peer;
  /** Aborted when the client no longer waits for answers. */
  readonly signal: AbortSignal;
  /** Returns when the client has read most of the earlier messages, or is gone. */
  waitForRoom(): Promise<void>;
}

/** The memory of a message, and the error when there was none. */
interface Memory {
  readonly lease: ByteLease;
  readonly refusal?: unknown;
}

/** A request with the id under which it is logged. */
interface IdentifiedRequest extends RpcRequest {
  readonly requestId: string;
}

/** Answers the messages of one connection. Their requests run concurrently. */
export class MessageHandler {
  readonly #options: MessageHandlerOptions;
  #running = 0;
  #requests = 0;

  constructor(options: MessageHandlerOptions) {
    this.#options = options;
  }

  /** Handles a message, and returns its answer as a JSON value. Undefined when the message holds only notifications. */
  async handle(data: unknown, lease: ByteLease): Promise<RpcAnswer | RpcAnswer[] | undefined> {
    const memory = reserve(lease, data);
    const message = this.#read(data);
    if (!Array.isArray(message)) return await this.#answer(message, memory);
    const answers = await Promise.all(message.map((request) => this.#answer(request, memory)));
    const sent = answers.filter((answer) => answer !== undefined);
    return sent.length === 0 ? undefined : sent;
  }

  #read(data: unknown): ReadRequest | ReadRequest[] {
    const { maxRequests } = this.#options;
    const requestId = this.#nextRequestId();
    if (typeof data === "string") return readMessage(data, { maxRequests, requestId });
    const message = "Cannot read a binary frame as a message must be text";
    return { id: null, error: protocolError("parse_error", { message, requestId }) };
  }

  /** Answers a request; returns undefined for a notification. */
  async #answer(request: ReadRequest, memory: Memory): Promise<RpcAnswer | undefined> {
    if ("error" in request) return toAnswer(request.id, { error: request.error });
    const requestId = this.#nextRequestId();
    const startedAt = performance.now();
    const reply = await this.#call({ ...request, requestId }, memory);
    const durationMs = Math.round(performance.now() - startedAt);
    const method = request.method.slice(0, MAX_LOGGED_NAME_LENGTH);
    const code = "error" in reply ? reply.error.code : undefined;
    log.info("rpc.request", { requestId, method, durationMs, ...(code === undefined ? {} : { code }) });
    return request.id === undefined ? undefined : toAnswer(request.id, reply);
  }

  async #call({ method: name, params, requestId }: IdentifiedRequest, { lease, refusal }: Memory): Promise<RpcReply> {
    const { maxRequests, methods, observer, peer, signal } = this.#options;
    const method = methods.find(name);
    if (method === undefined) {
      return { error: protocolError("unknown_method", { message: methods.explainUnknown(name), requestId }) };
    }
    const caller = { ...this.#options.caller, requestId };
    this.#running++;
    try {
      if (this.#running > maxRequests) throw tooManyRequests(maxRequests);
      if (refusal !== undefined) throw refusal;
      if (method.isUrgent !== true) await this.#options.waitForRoom(); // A slow reader waits for its own requests.
      signal.throwIfAborted();
      return { result: await callMethod(method, params, { caller, lease, peer, signal }) };
    } catch (error) {
      if (error instanceof CodeBeakerError) observer.refused?.({ caller, what: method.name, error });
      return { error: toRpcError(error, requestId) };
    } finally {
      this.#running--;
    }
  }

  #nextRequestId(): string {
    return `${this.#options.caller.requestId ?? "ws"}.${++this.#requests}`;
  }
}

function tooManyRequests(maxRequests: number): CodeBeakerError {
  const message = `Cannot take more as a connection may have at most ${maxRequests} requests under way`;
  return new CodeBeakerError("busy", message, { details: { retryAfterMs: 1_000 } });
}

/** Reserves the memory of a message. A message that gets none is parsed all the same, so that its answer has its id. */
function reserve(lease: ByteLease, data: unknown): Memory {
  try {
    lease.growTo(typeof data === "string" ? data.length : 0);
    return { lease };
  } catch (refusal) {
    return { lease, refusal };
  }
}

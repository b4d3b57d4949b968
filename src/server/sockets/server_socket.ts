import type { ByteBudget, ByteLease } from "../../concurrency/byte_budget.ts";
import { settledWithin } from "../../concurrency/delay.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { Observer } from "../../engine/observer.ts";
import type { Caller } from "../../engine/port.ts";
import { log } from "../../log.ts";
import type { SocketLimits } from "./limits.ts";
import { type SocketMessage, SocketWriter } from "./socket_writer.ts";

/** Close codes of RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TOO_BIG = 1009;
const INTERNAL_ERROR = 1011;

/** Most unread bytes of a connection that counts as closed before its client answers. */
const MAX_UNREAD_BYTES = 65_536;

/** Polls without a message after which a client is silent. */
const SILENT_POLLS = 5;
/** Time between two polls, in ms. */
const SILENT_POLL_MS = 2;

/** What a protocol does on one connection. */
export interface SocketProtocol {
  /** Most messages that are answered at one time. Beyond it, the connection is closed. Default: twice `maxRequests`. */
  readonly maxPending?: number;
  /** Called when the connection opens. */
  begin?(): void;
  /** Called when the service shuts down, behind the answers. What it sends is the last. */
  shutDown?(): void;
  /** Called when nothing more is sent on the connection, maybe several times. At a shutdown, answers come before it. */
  end?(): void;
  /**
   * Answers a message. Messages of one connection are answered concurrently.
   *
   * @param lease memory of the message, which is given back afterwards
   */
  answer(data: string | ArrayBuffer, lease: ByteLease): Promise<void>;
}

/** The client's end of a connection, as a protocol uses it. */
export interface SocketPeer {
  /** Aborted when the client no longer waits for answers. */
  readonly signal: AbortSignal;
  /** The subprotocol of the connection, one that the client offers. */
  readonly protocol: string | undefined;
  /** Encodes and sends a message after the earlier ones. Returns when there was room for it, or the client is gone. */
  send(encode: () => SocketMessage): Promise<void>;
  /** Returns when the client has read most of the earlier messages, or is gone. */
  waitForRoom(): Promise<void>;
  /** Cancels the connection's requests and closes it. */
  close(code: number, reason: string): void;
  /** Closes the connection as {@link close} does, once the messages so far are sent. */
  finish(code: number, reason: string): Promise<void>;
}

/** Parts of a connection. */
export interface ServerSocketOptions {
  /** The client on the other end while the connection is open. */
  readonly caller: Caller;
  readonly observer: Observer;
  /** The subprotocol of the answer. `socket.protocol` is empty on this end. */
  readonly protocol: string | undefined;
  readonly limits: Pick<
    SocketLimits,
    "closeWithinMs" | "maxMessageBytes" | "maxRequests" | "openWithinMs" | "maxStallMs"
  >;
  /** Memory for the messages of all connections. */
  readonly requests: Pick<ByteBudget, "lease">;
  /** Makes the protocol of the connection. */
  speak(peer: SocketPeer): SocketProtocol;
  /** @throws {CodeBeakerError} `unauthorized` once the client's key is no longer valid */
  checkKey(): void;
  /** Called when the connection is closed. */
  onClosed(): void;
}

/** One WebSocket connection. When it ends, the requests that it awaits are cancelled. */
export class ServerSocket implements SocketPeer {
  readonly #socket: WebSocket;
  readonly #options: ServerSocketOptions;
  readonly #writer: SocketWriter;
  readonly #protocol: SocketProtocol;
  readonly #gone = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  readonly #answering = new Set<Promise<void>>();
  readonly #opening: ReturnType<typeof setTimeout>;
  #closing: ReturnType<typeof setTimeout> | undefined;
  #received = 0;
  /** The close frame of a connection that opens after its end. */
  #closeFrame: [code: number, reason: string] = [GOING_AWAY, "It took too long to open"];

  constructor(socket: WebSocket, options: ServerSocketOptions) {
    const { maxStallMs, openWithinMs } = options.limits;
    this.#socket = socket;
    socket.binaryType = "arraybuffer"; // Its length is known, and so bounded.
    this.#options = options;
    this.#writer = new SocketWriter(socket, {
      signal: this.signal,
      maxStallMs,
      onStall: () => this.close(POLICY_VIOLATION, "Nothing was read for too long"),
    });
    this.#protocol = options.speak(this);
    // No event reports a client that disconnects before it has the answer to its upgrade.
    this.#opening = setTimeout(() => this.#end(), openWithinMs);
    socket.onopen = () => this.#begin();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => this.#end();
    socket.onerror = () => this.#end();
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  get protocol(): string | undefined {
    return this.#options.protocol;
  }

  async send(encode: () => SocketMessage): Promise<void> {
    if (this.#closing === undefined) await this.#writer.send(encode);
  }

  waitForRoom(): Promise<void> {
    return this.#writer.waitForRoom();
  }

  close(code: number, reason: string): void {
    this.#gone.abort(disconnected());
    this.#protocol.end?.();
    if (this.#closing !== undefined) return; // The first cause counts.
    this.#closeFrame = [code, reason];
    if (this.#socket.readyState === WebSocket.OPEN) this.#closeWhenSilent();
  }

  async finish(code: number, reason: string): Promise<void> {
    await this.#writer.flush();
    this.close(code, reason);
  }

  /** Cancels the connection's requests, answers them, and closes, as the service shuts down. */
  async goAway(): Promise<void> {
    const { closeWithinMs } = this.#options.limits;
    this.#gone.abort(shuttingDown());
    await settledWithin(Promise.all(this.#answering), closeWithinMs);
    this.#protocol.shutDown?.();
    this.close(GOING_AWAY, "The service is shutting down");
    await settledWithin(this.#closed.promise, closeWithinMs);
    this.#end();
  }

  /** Cancels the connection's requests and closes, as its key is no longer valid. Messages that wait are dropped. */
  refuse(): void {
    this.#writer.stop();
    this.close(POLICY_VIOLATION, "The key is no longer valid");
  }

  #begin(): void {
    clearTimeout(this.#opening);
    if (this.signal.aborted) this.#sendClose();
    else this.#protocol.begin?.();
  }

  /**
   * Closes the connection once its client is silent, or has sent for too long. Deno resets a connection on which a
   * message comes behind its close, and the client would see no code.
   */
  #closeWhenSilent(): void {
    let [received, silent, left] = [this.#received, 0, this.#options.limits.closeWithinMs / 2 / SILENT_POLL_MS];
    const poll = () => {
      silent = this.#received === received ? silent + 1 : 0;
      received = this.#received;
      if (silent < SILENT_POLLS && --left > 0) this.#closing = setTimeout(poll, SILENT_POLL_MS);
      else if (this.#socket.readyState === WebSocket.OPEN) this.#sendClose();
    };
    this.#closing = setTimeout(poll, SILENT_POLL_MS);
  }

  /**
   * Closes the connection. It counts as closed soon, even if the client never answers, unless much that it has not read
   * is in memory.
   */
  #sendClose(): void {
    const { bufferedAmount } = this.#socket; // It is 0 from the close on, whatever is in memory.
    this.#socket.close(...this.#closeFrame);
    if (bufferedAmount > MAX_UNREAD_BYTES) return;
    this.#closing = setTimeout(() => this.#end(), this.#options.limits.closeWithinMs);
  }

  #receive(data: string | ArrayBuffer): void {
    this.#received++;
    if (!this.signal.aborted) this.#checkKey();
    if (this.signal.aborted) return;
    const { maxMessageBytes, maxRequests } = this.#options.limits;
    if (this.#answering.size >= (this.#protocol.maxPending ?? 2 * maxRequests)) {
      return this.close(POLICY_VIOLATION, "Too many requests whose answers are not read");
    }
    if (isLonger(data, maxMessageBytes)) {
      return this.close(TOO_BIG, `A message is at most ${maxMessageBytes} bytes long`);
    }
    const answering = this.#answer(data).catch((error: unknown) => this.#fail(error)).finally(() =>
      this.#answering.delete(answering)
    );
    this.#answering.add(answering);
  }

  async #answer(data: string | ArrayBuffer): Promise<void> {
    using lease = this.#options.requests.lease(this.#options.caller.principal.tenant);
    await this.#protocol.answer(data, lease);
  }

  /** Closes the connection when its key was revoked. */
  #checkKey(): void {
    const { caller, checkKey, observer } = this.#options;
    try {
      checkKey();
    } catch (error) {
      if (error instanceof CodeBeakerError) observer.refused?.({ caller, what: "a message", error });
      this.refuse();
    }
  }

  /** Closes the connection when an answer cannot be sent. An answer may be too long for a string. */
  #fail(error: unknown): void {
    log.error("socket.answer_failed", { requestId: this.#options.caller.requestId, error: messageOf(error) });
    this.close(INTERNAL_ERROR, "A message cannot be answered");
  }

  #end(): void {
    clearTimeout(this.#opening);
    clearTimeout(this.#closing);
    this.#gone.abort(disconnected());
    this.#protocol.end?.();
    this.#closed.resolve();
    this.#options.onClosed();
  }
}

/** The reason for cancelling requests whose client has disconnected. No client receives it. */
function disconnected(): CodeBeakerError {
  return new CodeBeakerError("conflict", "Cannot go on as the client has disconnected");
}

function shuttingDown(): CodeBeakerError {
  const details = { retryAfterMs: 1_000 };
  return new CodeBeakerError("busy", "Cannot go on as the service is shutting down", { details });
}

/** Whether a message has more bytes than the bound. In UTF-8, a code unit of a string takes one to three. */
function isLonger(message: string | ArrayBuffer, maxBytes: number): boolean {
  if (typeof message !== "string") return message.byteLength > maxBytes;
  if (message.length * 3 <= maxBytes) return false;
  return message.length > maxBytes || new TextEncoder().encode(message).length > maxBytes;
}

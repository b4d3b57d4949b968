import type { ByteLease } from "../../../concurrency/byte_budget.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { Observer } from "../../../engine/observer.ts";
import type { Caller } from "../../../engine/port.ts";
import type { SocketPeer, SocketProtocol } from "../../sockets/mod.ts";
import type { Kernel } from "./kernel.ts";
import type { KernelClient } from "./kernel_clients.ts";
import { type Message, readMessage, type Request, writeMessage } from "./messages.ts";

/** Memory of a waiting message beside its text. */
const MESSAGE_BYTES = 1_024;

/** Most characters or bytes of sent messages that wait, before one more closes the connection. */
const MAX_WAITING_LENGTH = 4_194_304;

/** Close codes of IANA's registry: for no message, too slow a client, and no memory. */
const [INVALID_DATA, POLICY_VIOLATION, TRY_AGAIN_LATER] = [1007, 1008, 1013];
/** Most characters of a reason, each of one byte. */
const MAX_REASON_LENGTH = 120;

/** Parts of a connection. */
export interface KernelConnectionOptions {
  readonly kernel: Kernel;
  readonly id: string;
  readonly caller: Caller;
  readonly observer: Observer;
}

/** One client of a kernel on a WebSocket. A client that disconnects does not end what the kernel does. */
export class KernelConnection implements SocketProtocol, KernelClient {
  /** Requests wait for the one before. Their bytes are bounded, and not their number. */
  readonly maxPending = Infinity;
  readonly id: string;
  readonly caller: Caller;
  readonly #peer: SocketPeer;
  readonly #kernel: Kernel;
  readonly #observer: Observer;
  #waitingLength = 0;

  constructor(peer: SocketPeer, { caller, id, kernel, observer }: KernelConnectionOptions) {
    this.id = id;
    this.caller = caller;
    this.#peer = peer;
    this.#kernel = kernel;
    this.#observer = observer;
  }

  begin(): void {
    this.#kernel.connect(this);
  }

  end(): void {
    this.#kernel.disconnect(this);
  }

  get isBehind(): boolean {
    return this.#waitingLength > MAX_WAITING_LENGTH / 2;
  }

  async answer(data: unknown, lease: ByteLease): Promise<void> {
    let request: Request;
    try {
      lease.growTo(MESSAGE_BYTES + (data instanceof ArrayBuffer ? data.byteLength : String(data).length));
      request = readMessage(data, this.#peer.protocol);
    } catch (error) {
      if (!(error instanceof CodeBeakerError)) throw error;
      this.#observer.refused?.({ caller: this.caller, what: "a message of Jupyter's", error });
      const reason = error.message.replaceAll(/[^ -~]/g, "?").slice(0, MAX_REASON_LENGTH);
      return this.#peer.close(error.code === "busy" ? TRY_AGAIN_LATER : INVALID_DATA, reason);
    }
    await this.#kernel.answer(request, this);
  }

  async send(message: Message): Promise<void> {
    if (this.#waitingLength > MAX_WAITING_LENGTH) return this.close(POLICY_VIOLATION, "Too much waits to be read");
    const encoded = writeMessage(message, this.#peer.protocol);
    this.#waitingLength += encoded.length;
    await this.#peer.send(() => encoded);
    this.#waitingLength -= encoded.length;
  }

  close(code: number, reason: string): void {
    this.#peer.close(code, reason);
  }
}

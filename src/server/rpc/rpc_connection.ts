import type { ByteLease } from "../../concurrency/byte_budget.ts";
import type { SocketPeer, SocketProtocol } from "../sockets/server_socket.ts";
import type { Peer } from "./call_context.ts";
import { MessageHandler, type MessageHandlerOptions } from "./message_handler.ts";

/** Parts of a connection of JSON-RPC. */
export type RpcConnectionOptions = Pick<MessageHandlerOptions, "caller" | "methods" | "observer" | "maxRequests">;

/** JSON-RPC 2.0 on one connection. */
export class RpcConnection implements Peer, SocketProtocol {
  isStreaming = false;
  isStrict = false;
  feeds: Peer["feeds"] = "unawaited";
  readonly #peer: SocketPeer;
  readonly #messages: MessageHandler;

  constructor(peer: SocketPeer, options: RpcConnectionOptions) {
    this.#peer = peer;
    this.#messages = new MessageHandler({
      ...options,
      peer: this,
      signal: peer.signal,
      waitForRoom: () => peer.waitForRoom(),
    });
  }

  notify(method: string, params: object): Promise<void> {
    return this.#peer.send(() => JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  async answer(data: unknown, lease: ByteLease): Promise<void> {
    const answer = await this.#messages.handle(data, lease);
    if (answer !== undefined) await this.#peer.send(() => JSON.stringify(answer));
  }
}

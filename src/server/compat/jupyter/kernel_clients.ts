import type { Caller } from "../../../engine/port.ts";
import { type Message, writeMessage } from "./messages.ts";

/** Most characters that are kept for a client without a connection. The oldest messages go first. */
const MAX_KEPT_LENGTH = 1_048_576;

/** A connected client of a kernel. */
export interface KernelClient {
  /** The client's name for itself. It is the same when the client connects again. */
  readonly id: string;
  readonly caller: Caller;
  /** Whether much that was sent is not read yet. */
  readonly isBehind: boolean;
  /** Sends a message after the earlier ones. Returns when there was room for it, or the client is gone. Does not throw. */
  send(message: Message): Promise<void>;
  close(code: number, reason: string): void;
}

/** The connected clients of a kernel, and what the last one that left has missed. */
export class KernelClients {
  readonly #clients = new Map<string, KernelClient>();
  /** The last client that left, and what was sent since. */
  #absent: { readonly id: string; readonly messages: Message[]; length: number } | undefined;

  /** The number of connected clients. */
  get count(): number {
    return this.#clients.size;
  }

  /** Connects a client. It gets what was sent to it since it left, and replaces an older connection of its own. */
  connect(client: KernelClient): void {
    this.#clients.get(client.id)?.close(1000, "Another connection of the same session_id replaces this one");
    this.#clients.set(client.id, client);
    const absent = this.#absent;
    this.#absent = undefined;
    if (absent?.id === client.id) { for (const message of absent.messages) client.send(message); }
  }

  disconnect(client: KernelClient): void {
    if (this.#clients.get(client.id) !== client) return;
    this.#clients.delete(client.id);
    if (this.#clients.size === 0) this.#absent = { id: client.id, messages: [], length: 0 };
  }

  /** Sends a message to clients. Returns when there was room for it. */
  async publish(message: Message, filter: (client: KernelClient) => boolean = () => true): Promise<void> {
    if (this.#clients.size === 0) this.#keep(message);
    await Promise.all([...this.#clients.values()].filter(filter).map((client) => client.send(message)));
  }

  /** Sends a message to one client, by whatever connection it has now. */
  async send(id: string, message: Message): Promise<void> {
    if (this.#absent?.id === id) this.#keep(message);
    await this.#clients.get(id)?.send(message);
  }

  /** Sends a last message to all clients, and closes their connections. */
  end(message: Message): void {
    for (const client of this.#clients.values()) {
      client.send(message).then(() => client.close(1000, "The kernel is shut down"));
    }
    this.#clients.clear();
  }

  #keep(message: Message): void {
    if (this.#absent === undefined) return;
    const { messages } = this.#absent;
    messages.push(message);
    this.#absent.length += lengthOf(message);
    while (this.#absent.length > MAX_KEPT_LENGTH) this.#absent.length -= lengthOf(messages.shift());
  }
}

function lengthOf(message: Message | undefined): number {
  return message === undefined ? 0 : writeMessage(message, undefined).length;
}

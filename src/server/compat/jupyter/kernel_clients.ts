import type { ByteBudget } from "../../../concurrency/byte_budget.ts";
import type { Caller } from "../../../engine/port.ts";
import type { Message } from "./messages.ts";
import { MissedMessages } from "./missed_messages.ts";

/** A connected client of a kernel. */
export interface KernelClient {
  /** The client's name for itself. It is the same when the client connects again. */
  readonly id: string;
  readonly caller: Caller;
  /** Whether much that was sent is not read yet. */
  isBehind(): boolean;
  /** Sends a message after the earlier ones. Returns when there was room for it, or the client is gone. Does not throw. */
  send(message: Message): Promise<void>;
  close(reason: string): void;
}

/** The connected clients of a kernel, and what the last one that left has missed. */
export class KernelClients {
  readonly #connected = new Map<string, KernelClient>();
  readonly #missed: Pick<ByteBudget, "lease">;
  /** What was sent since the last client left. Undefined while one is connected. */
  #absent: MissedMessages | undefined;
  /** The message that ended all connections. */
  #last: Message | undefined;

  /** @param missed memory for what was missed */
  constructor(missed: Pick<ByteBudget, "lease">) {
    this.#missed = missed;
  }

  /** The number of connected clients. */
  get count(): number {
    return this.#connected.size;
  }

  /** Connects a client. It gets what was sent to it since it left, and replaces an older connection of its own. */
  connect(client: KernelClient): void {
    this.#connected.get(client.id)?.close("Another connection of the same session_id replaces this one");
    this.#connected.set(client.id, client);
    if (this.#absent?.clientId === client.id) { for (const message of this.#absent.messages) client.send(message); }
    this.#forgetAbsent();
    if (this.#last !== undefined) this.end(this.#last);
  }

  disconnect(client: KernelClient): void {
    if (this.#connected.get(client.id) !== client) return;
    this.#connected.delete(client.id);
    const { tenant } = client.caller.principal;
    if (this.count === 0) this.#absent = new MissedMessages(client.id, () => this.#missed.lease(tenant));
  }

  /** Sends a message to clients: to all, unless a filter says otherwise. Returns when there was room for it. */
  async publish(message: Message, filter: (client: KernelClient) => boolean = () => true): Promise<void> {
    this.#absent?.add(message);
    await Promise.all([...this.#connected.values()].filter(filter).map((client) => client.send(message)));
  }

  /** Sends a message to one client, by whatever connection it has now. */
  send(id: string, message: Message): void {
    if (this.#absent?.clientId === id) this.#absent.add(message);
    this.#connected.get(id)?.send(message);
  }

  /** Sends a last message to all clients, now and later, and closes their connections. */
  end(message: Message): void {
    this.#last = message;
    for (const client of this.#connected.values()) {
      client.send(message).then(() => client.close("The kernel is shut down"));
    }
    this.#connected.clear();
    this.#forgetAbsent();
  }

  #forgetAbsent(): void {
    this.#absent?.[Symbol.dispose]();
    this.#absent = undefined;
  }
}

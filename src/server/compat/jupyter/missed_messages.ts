import type { ByteLease } from "../../../concurrency/byte_budget.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { Message } from "./messages.ts";

/** Most characters that are kept for one client. */
const MAX_LENGTH = 1_048_576;

/** Most bytes of memory for a character of a message. */
const CHARACTER_BYTES = 4;

/** The newest messages for a client that is away. The oldest go where a kernel or its tenant keeps too much. */
export class MissedMessages implements Disposable {
  /** The client that is away. */
  readonly clientId: string;
  readonly #lease: () => ByteLease;
  readonly #kept: { readonly message: Message; readonly lease: ByteLease }[] = [];
  #length = 0;

  /** @param lease opens an empty lease of the memory that the messages of all kernels share */
  constructor(clientId: string, lease: () => ByteLease) {
    this.clientId = clientId;
    this.#lease = lease;
  }

  /** The messages, the oldest first. */
  get messages(): Message[] {
    return this.#kept.map(({ message }) => message);
  }

  add(message: Message): void {
    const { length } = message.text;
    const lease = this.#lease();
    while (this.#length + length > MAX_LENGTH || !hasGrown(lease, length * CHARACTER_BYTES)) {
      if (!this.#dropOldest()) return;
    }
    this.#kept.push({ message, lease });
    this.#length += length;
  }

  [Symbol.dispose](): void {
    while (this.#dropOldest());
  }

  /** @returns whether there was one */
  #dropOldest(): boolean {
    const oldest = this.#kept.shift();
    oldest?.lease[Symbol.dispose]();
    this.#length -= oldest?.message.text.length ?? 0;
    return oldest !== undefined;
  }
}

/** Grows a lease, unless other messages hold too much. */
function hasGrown(lease: ByteLease, bytes: number): boolean {
  try {
    lease.growTo(bytes);
    return true;
  } catch (error) {
    if (error instanceof CodeBeakerError) return false;
    throw error;
  }
}

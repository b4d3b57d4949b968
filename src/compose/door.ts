import type { Engine } from "../engine/mod.ts";
import type { Listener, ServerSockets } from "../server/mod.ts";

/** The HTTP door of a service. Disposing closes it, drains running executions, and then disposes of everything else. */
export interface Door extends AsyncDisposable {
  /**
   * Opens the door on the configured address, once.
   *
   * @throws {CodeBeakerError} `invalid_request`
   */
  listen(): Listener;
}

interface DoorOptions {
  open(): Listener;
  readonly sockets: ServerSockets;
  readonly engine: Engine;
  /** Everything behind the door. */
  readonly owned: AsyncDisposable;
}

/** A door that is not open yet. */
export function doorOf({ open, sockets, engine, owned }: DoorOptions): Door {
  let listener: Listener | undefined;
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const drained = engine[Symbol.asyncDispose]();
    await sockets.drain(drained); // The end of the listener would close the sockets before they have answered.
    await sockets[Symbol.asyncDispose]();
    await listener?.close(() => drained);
    await owned[Symbol.asyncDispose]();
  }
  return { listen: () => listener ??= open(), [Symbol.asyncDispose]: () => closing ??= close() };
}

import { type PortPair, readConnections } from "../../host/tcp_connections.ts";

/** How often it is looked whether clients are still there. */
const LOOK_MS = 1_000;

/** A client whose request has no answer yet. */
interface Watched {
  readonly ports: PortPair;
  readonly gone: AbortController;
  isMissed: boolean;
}

/**
 * Tells requests whose client has gone away. Deno 2.9 does so by itself only where the body came together with the headers, or
 * there is none: once it has read a body it looks at the connection no more, and a program would go on for nobody. So the
 * system's own table of connections is asked, as long as any such request has no answer; where there is none, Deno's word is all.
 * The table is read in parts, while it changes: only who is missed twice is gone.
 */
export class ClientWatch {
  readonly #watched = new Set<Watched>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;

  /** Makes a request's `signal` abort also when its client is seen to be gone, until `completed` settles. */
  follow(request: Request, { remoteAddr, completed }: Deno.ServeHandlerInfo, localPort: number): void {
    if (request.body === null || remoteAddr.transport !== "tcp") return;
    const ports = { localPort, remotePort: remoteAddr.port };
    const client = { ports, gone: new AbortController(), isMissed: false };
    // On the request itself, since a copy of it would carry its body through another stream.
    Object.defineProperty(request, "signal", { value: AbortSignal.any([request.signal, client.gone.signal]) });
    this.#watched.add(client);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    const leave = () => this.#leave(client);
    completed.then(leave, leave);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const clients = [...this.#watched];
    const connections = await readConnections();
    this.#isLooking = false;
    for (const client of clients) {
      const wasMissed = client.isMissed;
      client.isMissed = connections.isGone(client.ports);
      if (wasMissed && client.isMissed) client.gone.abort();
    }
  }

  #leave(client: Watched): void {
    this.#watched.delete(client);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

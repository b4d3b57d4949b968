import { readConnections } from "../../host/tcp_connections.ts";

/** Interval of the polls for clients that are still connected. */
const POLL_MS = 1_000;

/** Methods of requests without a body. Reading `body` would make a stream of that of others. */
const BODILESS: readonly string[] = ["GET", "HEAD"];

/** What the listener knows of a request. */
type ClientInfo = Deno.ServeHandlerInfo<Deno.NetAddr>;

/** A client whose request is not answered yet. */
interface Watched {
  readonly info: ClientInfo;
  readonly localPort: number;
  readonly gone: AbortController;
  isMissing: boolean;
}

/**
 * Aborts requests whose client has disconnected.
 *
 * Deno 2.9 aborts a request only where the body arrived together with the headers, or is absent: after it has read a
 * body it ignores the connection, and a program would run on without a client. So this class polls the system's table
 * of connections while any such request is unanswered; a system without that table has only Deno's signal. The table
 * changes while it is read in parts, so a client counts as gone when it is missing twice.
 */
export class ClientWatch implements AsyncDisposable {
  readonly #read: typeof readConnections;
  readonly #watched = new Set<Watched>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #poll: Promise<void> | undefined;

  /** @param options.read reads the table of connections */
  constructor({ read = readConnections }: { readonly read?: typeof readConnections } = {}) {
    this.#read = read;
  }

  /** Aborts a request's `signal` also when its client disconnects, until `completed` settles. */
  follow(request: Request, info: ClientInfo, localPort: number): void {
    if (BODILESS.includes(request.method)) return;
    const client = { info, localPort, gone: new AbortController(), isMissing: false };
    // The signal is set on the request itself: a copy would carry its body through another stream.
    request.signal.addEventListener("abort", () => client.gone.abort()); // It has just come, and is not aborted yet.
    Object.defineProperty(request, "signal", { value: client.gone.signal });
    this.#watched.add(client);
    this.#timer ??= setInterval(() => this.#startPoll(), POLL_MS);
    const leave = () => void this.#watched.delete(client);
    info.completed.then(leave, leave);
  }

  /** Stops polling, and waits for a poll that is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer();
    await this.#poll;
  }

  #startPoll(): void {
    if (this.#watched.size === 0) return this.#stopTimer(); // The timer stops here and not earlier: each request would make one.
    this.#poll ??= this.#abortMissing().finally(() => this.#poll = undefined);
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #abortMissing(): Promise<void> {
    // The address of a client cannot be read once it is answered.
    const clients = [...this.#watched].map((client) => ({ client, remotePort: client.info.remoteAddr.port }));
    const connections = await this.#read();
    for (const { client, remotePort } of clients) {
      const wasMissing = client.isMissing;
      client.isMissing = connections.isGone({ localPort: client.localPort, remotePort });
      if (wasMissing && client.isMissing) client.gone.abort();
    }
  }
}

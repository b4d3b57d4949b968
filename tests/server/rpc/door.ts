import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import type { Caller, EnginePort } from "../../../src/engine/port.ts";
import type { Observer } from "../../../src/engine/observer.ts";
import type { AppEnv } from "../../../src/server/http/app_env.ts";
import type { DoorKeys } from "../../../src/server/auth/auth.ts";
import { sendProblem } from "../../../src/server/http/problem.ts";
import { rpcRoutes } from "../../../src/server/rpc/mod.ts";
import { ServerSockets, SOCKET_LIMITS, type SocketLimits } from "../../../src/server/sockets/mod.ts";
import { ByteBudget } from "../../../src/concurrency/byte_budget.ts";
import type { SessionsPort } from "../../../src/sessions/port.ts";
import { fakeEngine, fakeSessions, TESTER } from "../../support/fake_ports.ts";

/** What a door is opened with; what is absent does nothing. */
export interface DoorOptions {
  readonly engine?: Partial<EnginePort>;
  readonly sessions?: Partial<SessionsPort>;
  /** In the place of all of these. */
  readonly realSessions?: SessionsPort;
  readonly limits?: Partial<SocketLimits>;
  /** What messages and bodies may hold. */
  readonly requests?: ByteBudget;
  readonly keys?: DoorKeys;
  readonly observer?: Observer;
  /** Who comes in with a request. */
  caller?(request: Request): Caller;
}

/** A notification as it came. */
export interface Notification {
  readonly method: string;
  // deno-lint-ignore no-explicit-any
  readonly params: any;
}

/** What came of a request. */
export interface Reply {
  // deno-lint-ignore no-explicit-any
  readonly result?: any;
  // deno-lint-ignore no-explicit-any
  readonly error?: { readonly code: number; readonly message: string; readonly data?: any } | undefined;
}

/** The door on a port of this machine, over ports that are fakes. */
export class Door implements AsyncDisposable {
  readonly sockets: ServerSockets;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #clients: RpcClient[] = [];

  constructor(options: DoorOptions = {}) {
    const requests = options.requests ?? new ByteBudget({ maxBytes: 1_000_000, maxOwnerBytes: 1_000_000 });
    this.sockets = new ServerSockets({ ...SOCKET_LIMITS, maxMessageBytes: 65_536, ...options.limits }, requests);
    const app = new Hono<AppEnv>();
    app.use(requestId());
    app.use(async (context, next) => {
      context.set("caller", options.caller?.(context.req.raw) ?? TESTER);
      context.set("bodyBounds", { maxBytes: 65_536 });
      using lease = requests.lease(context.get("caller").principal.tenant);
      context.set("lease", lease);
      await next();
    });
    app.route(
      "/",
      rpcRoutes({
        engine: fakeEngine(options.engine),
        sessions: options.realSessions ?? fakeSessions(options.sessions),
        sockets: this.sockets,
        keys: options.keys ?? { hasKeys: () => false, authenticate: () => TESTER.principal },
        observer: options.observer ?? {},
      }),
    );
    app.onError((error, context) => sendProblem(context, error));
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A client that is connected. */
  async connect(): Promise<RpcClient> {
    const client = await RpcClient.open(`ws://127.0.0.1:${this.port}/ws/jsonrpc`);
    this.#clients.push(client);
    return client;
  }

  /** Asks for a connection as somebody, and returns the answer of one that is refused. */
  async knock(headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly code: string }> {
    const response = await fetch(`${this.url}/ws/jsonrpc`, { headers });
    return { status: response.status, code: (await response.json()).code };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.sockets[Symbol.asyncDispose]();
    await this.#server.shutdown();
  }
}

/** A client of the door, which tells answers apart by their ids. */
export class RpcClient {
  readonly notifications: Notification[] = [];
  /** Whatever came that is no answer to a request of {@link call}. */
  // deno-lint-ignore no-explicit-any
  readonly messages: any[] = [];
  readonly closed: Promise<CloseEvent>;
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, (reply: Reply) => void>();
  #waiting: (() => void) | undefined;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<CloseEvent>();
    this.closed = promise;
    socket.onclose = (event) => {
      for (const settle of this.#pending.values()) settle({ error: { code: 0, message: "The connection is closed" } });
      resolve(event);
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
  }

  static async open(url: string, key?: string): Promise<RpcClient> {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const socket = new WebSocket(url, { headers });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.onopen = () => resolve();
    socket.onerror = (event) => reject(event instanceof ErrorEvent ? new Error(event.message) : event);
    await promise;
    return new RpcClient(socket);
  }

  /** Asks, and returns what came of it; a connection that closes before ends it with the code 0. */
  call(method: string, params?: unknown): Promise<Reply> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#pending.set(id, resolve);
    this.send({ jsonrpc: "2.0", id, method, params });
    return promise;
  }

  /** Sends anything as it is. */
  send(data: string | Uint8Array<ArrayBuffer> | object): void {
    if (typeof data === "string" || data instanceof Uint8Array) this.#socket.send(data);
    else this.#socket.send(JSON.stringify(data));
  }

  /** Sends anything, and returns the next message that is no notification and no answer to {@link call}. */
  // deno-lint-ignore no-explicit-any
  async ask(data: string | Uint8Array<ArrayBuffer> | object): Promise<any> {
    this.send(data);
    return await this.next();
  }

  /** The next message that is no notification and no answer to {@link call}. */
  // deno-lint-ignore no-explicit-any
  async next(): Promise<any> {
    if (this.messages.length === 0) await new Promise<void>((resolve) => this.#waiting = resolve);
    return this.messages.shift();
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close();
    await this.closed;
  }

  // deno-lint-ignore no-explicit-any
  #receive(message: any): void {
    if (typeof message.method === "string") this.notifications.push(message);
    else if (this.#pending.has(message.id)) {
      assertEquals([message.jsonrpc, "result" in message], ["2.0", !("error" in message)]);
      const { result, error } = message;
      this.#pending.get(message.id)?.({ result, error });
      this.#pending.delete(message.id);
    } else {
      this.messages.push(message);
      this.#waiting?.();
      this.#waiting = undefined;
    }
  }
}

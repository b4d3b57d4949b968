import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import type { ByteBudget } from "../../concurrency/byte_budget.ts";
import type { SocketLimits } from "./limits.ts";
import { ServerSocket, type ServerSocketOptions } from "./server_socket.ts";

/** Parts of a connection that its request brings. */
export type UpgradeOptions = Omit<ServerSocketOptions, "limits" | "requests" | "onClosed">;

/** The service's open connections. Disposing closes them and cancels their requests. */
export class ServerSockets implements AsyncDisposable {
  readonly limits: SocketLimits;
  readonly #requests: Pick<ByteBudget, "lease">;
  readonly #open = new Map<ServerSocket, string>();
  #isClosing = false;

  /** @param requests memory for the unanswered messages of all connections */
  constructor(limits: SocketLimits, requests: Pick<ByteBudget, "lease">) {
    this.limits = limits;
    this.#requests = requests;
  }

  /** The number of open connections. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Upgrades a request to a connection. The caller must return the response unchanged.
   *
   * @throws {CodeBeakerError} `busy` when too many are open; `invalid_request` for a request without an upgrade
   */
  upgrade(request: Request, options: UpgradeOptions): Response {
    const { tenant } = options.caller.principal;
    this.#checkRoom(tenant);
    const { socket, response } = upgrade(request, {
      protocol: options.protocol,
      idleTimeoutMs: this.limits.idleTimeoutMs,
    });
    const connection = new ServerSocket(socket, {
      ...options,
      limits: this.limits,
      requests: this.#requests,
      onClosed: () => this.#open.delete(connection),
    });
    this.#open.set(connection, tenant);
    return response;
  }

  /** Closes every connection of these tenants, whose keys are no longer valid. */
  refuseTenants(tenants: ReadonlySet<string>): void {
    for (const [connection, owner] of this.#open) if (tenants.has(owner)) connection.refuse();
  }

  /** Opens no more connections. Requests on open ones go on until `drained` settles. */
  async drain(drained: Promise<unknown>): Promise<void> {
    this.#isClosing = true;
    if (this.#open.size > 0) await drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#open.keys()].map((connection) => connection.goAway()));
  }

  #checkRoom(tenant: string): void {
    const why = this.#whyNoMore(tenant);
    if (why === undefined) return;
    const details = { retryAfterMs: 1_000 };
    throw new CodeBeakerError("busy", `Cannot open a WebSocket now as ${why}`, { details });
  }

  #whyNoMore(tenant: string): string | undefined {
    const { maxSockets, maxSocketsPerTenant } = this.limits;
    if (this.#isClosing) return "the service is shutting down";
    if (this.#open.size >= maxSockets) return `${maxSockets} are open already`;
    const own = [...this.#open.values()].filter((owner) => owner === tenant).length;
    return own >= maxSocketsPerTenant ? `${own} of this tenant are open already` : undefined;
  }
}

function upgrade(
  request: Request,
  { idleTimeoutMs, protocol }: Pick<SocketLimits, "idleTimeoutMs"> & Pick<UpgradeOptions, "protocol">,
): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, {
      idleTimeout: Math.ceil(idleTimeoutMs / 1_000), // In s.
      ...(protocol === undefined ? {} : { protocol }),
    });
  } catch (cause) {
    throw new CodeBeakerError(
      "invalid_request",
      `Cannot open a WebSocket as the request must be an upgrade: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Limits of a service's WebSocket connections. */
export interface SocketLimits {
  /** Most concurrent connections. */
  readonly maxSockets: number;
  /** Most concurrent connections of one tenant. */
  readonly maxSocketsPerTenant: number;
  /** Most concurrent requests of one connection, and most requests of one batch. */
  readonly maxRequests: number;
  readonly maxMessageBytes: number;
  /** Time for a connection to open. */
  readonly openWithinMs: number;
  /** Time for a client to answer a close. At shutdown, requests have it too. */
  readonly closeWithinMs: number;
  /** A connection silent for half of this time is pinged. Without an answer it is closed. */
  readonly idleTimeoutMs: number;
  /** Longest time in which a client reads nothing while messages wait. Then the client counts as gone. */
  readonly maxStallMs: number;
}

/** The limits but `maxMessageBytes`, which is the service's largest body. */
export const SOCKET_LIMITS: Omit<SocketLimits, "maxMessageBytes"> = {
  maxSockets: 512,
  maxSocketsPerTenant: 64,
  maxRequests: 32,
  openWithinMs: 10_000,
  closeWithinMs: 1_000,
  idleTimeoutMs: 60_000,
  maxStallMs: 60_000,
};

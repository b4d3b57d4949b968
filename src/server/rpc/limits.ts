/** What holds for the connections of a service. */
export interface RpcLimits {
  /** Connections at the same time. */
  readonly maxSockets: number;
  /** Those of one tenant among them. */
  readonly maxSocketsPerTenant: number;
  /** Requests that one connection may have under way, and that one batch may hold. */
  readonly maxRequests: number;
  readonly maxMessageBytes: number;
  /** How long one may take to be open. */
  readonly openWithinMs: number;
  /** One on which nothing came for half of this is pinged, and closed when it does not answer. */
  readonly idleTimeoutS: number;
  /** A client that takes nothing for so long, while something waits for it, counts as gone. */
  readonly maxStallMs: number;
}

/** The bounds of every service but one: a message may be as large as a body. */
export const RPC_LIMITS: Omit<RpcLimits, "maxMessageBytes"> = {
  maxSockets: 512,
  maxSocketsPerTenant: 64,
  maxRequests: 32,
  openWithinMs: 10_000,
  idleTimeoutS: 60,
  maxStallMs: 60_000,
};

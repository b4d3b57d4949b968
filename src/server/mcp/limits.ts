/** Limits of the protocol sessions of clients before the revision 2026-07-28. Later clients have none. */
export interface McpLimits {
  /** Most open protocol sessions. */
  readonly maxSessions: number;
  /** Most open protocol sessions of one tenant. */
  readonly maxSessionsPerTenant: number;
  /** A protocol session without a request or a running call for so long is closed. */
  readonly idleTimeoutMs: number;
}

/** The limits of a service. */
export const MCP_LIMITS: McpLimits = {
  maxSessions: 512,
  maxSessionsPerTenant: 64,
  idleTimeoutMs: 1_800_000,
};

import type { Keyring } from "../access/mod.ts";
import type { Clock } from "../concurrency/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Executions } from "../engine/mod.ts";
import { log } from "../log.ts";
import type { ServerSockets } from "../server/mod.ts";
import type { Sessions } from "../sessions/mod.ts";

/** How often the storage is polled for revoked keys. Another process may revoke a key. */
const INTERVAL_MS = 1_000;

interface Opened {
  readonly keyring: Keyring;
  readonly sessions: Sessions;
  readonly executions: Executions;
  readonly sockets: ServerSockets;
}

/** Ends everything that a revoked key opened, until the result is disposed of. */
export function watchRevocations(opened: Opened, clock: Clock): Disposable {
  return clock.every(INTERVAL_MS, () => endRevoked(opened));
}

function endRevoked({ keyring, sessions, executions, sockets }: Opened): void {
  try {
    const tenants = keyring.revokedTenants();
    if (tenants.size === 0) return;
    executions.recordEnded();
    sessions.closeTenants(tenants, "key_revoked");
    executions.interruptTenants(tenants, "its key was revoked");
    sockets.refuseTenants(tenants);
  } catch (error) {
    log.warning("revocation.poll_failed", { error: messageOf(error) });
  }
}

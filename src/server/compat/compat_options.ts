import type { ByteBudget } from "../../concurrency/byte_budget.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { SessionsPort } from "../../sessions/port.ts";
import type { SocketDoor } from "../sockets/mod.ts";

/** Parts of the doors for clients of other services. */
export interface CompatOptions extends SocketDoor {
  readonly engine: EnginePort;
  readonly sessions: SessionsPort;
  /** Memory for what clients miss while they are away. */
  readonly missed: Pick<ByteBudget, "lease">;
}

import type { ByteLease } from "../../concurrency/byte_budget.ts";
import type { Caller } from "../../engine/port.ts";

/** One request of a client, as the transport received it. */
export interface Exchange {
  readonly caller: Caller;
  /** Aborted when the client has disconnected. Absent where the transport reports that itself. */
  readonly signal?: AbortSignal;
  /** Memory of the request. Absent, it is not counted. */
  readonly memory?: Pick<ByteLease, "growBy"> | undefined;
  /** Keeps the request's memory and protocol session until work settles. */
  track?(work: Promise<unknown>): void;
}

/** Finds the exchange of a request; there is no request on stdio. */
export type FindExchange = (request: Request | undefined) => Exchange;

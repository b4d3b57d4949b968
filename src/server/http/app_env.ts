import type { Caller } from "../../engine/port.ts";
import type { ByteLease } from "../../concurrency/byte_budget.ts";
import type { BodyBounds } from "./body.ts";
import type { Connection } from "../auth/loopback.ts";

/** Values that a request carries through the app. */
export interface AppEnv {
  Bindings: Connection;
  Variables: {
    requestId: string;
    /** Whether the service has keys, so that the client needs one. Undefined while unknown. */
    needsKey: boolean | undefined;
    caller: Caller;
    /** Bounds of a body that is no upload. */
    bodyBounds: BodyBounds;
    /** Memory of the body and the answer's files, until the request is answered. An upload has none. */
    lease: ByteLease;
    /** The status of a problem, where the status of its code is not exact enough. */
    problemStatus?: 200 | 405 | 426 | 502;
  };
}

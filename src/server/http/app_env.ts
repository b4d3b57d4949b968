import type { Caller } from "../../engine/port.ts";
import type { ByteLease } from "../../concurrency/byte_budget.ts";
import type { BodyBounds } from "./body.ts";
import type { Connection } from "../auth/loopback.ts";

/** What a request carries through the app. */
export interface AppEnv {
  Bindings: Connection;
  Variables: {
    requestId: string;
    caller: Caller;
    /** Those of a body that is no upload. */
    bodyBounds: BodyBounds;
    /** What such a body holds until the request is answered. */
    lease: ByteLease;
  };
}

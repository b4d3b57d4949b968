import type { Engine } from "../engine/mod.ts";
import type { Connection } from "./loopback.ts";

/** The parts of the engine that the door uses. */
export type EnginePort = Pick<Engine, "execute" | "select" | "describeRuntimes">;

/** What a request carries through the app. */
export interface AppEnv {
  Bindings: Connection;
  Variables: { requestId: string };
}

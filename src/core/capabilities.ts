import type { Answer } from "./answers/answer.ts";
import type { capabilitiesSchema } from "./answers/capabilities.ts";
import type { RUNTIME_TYPES } from "./answers/vocabulary.ts";

/** The type of a runtime, as the original design spells it. */
export type RuntimeType = typeof RUNTIME_TYPES[number];

/** The abilities and costs that a runtime declares. */
export type RuntimeCapabilities = Answer<typeof capabilitiesSchema>;

/** Costs of programs in one language. Absent ones are those that the runtime declares. */
export type DeclaredCosts = Partial<Pick<RuntimeCapabilities, "startupTimeMs" | "memoryOverheadMB">>;

/** Capabilities for one language; without a language, the runtime's own. */
export function capabilitiesIn(
  { capabilities, costs }: {
    readonly capabilities: RuntimeCapabilities;
    readonly costs?: Readonly<Record<string, DeclaredCosts>> | undefined;
  },
  environment = "",
): RuntimeCapabilities {
  return { ...capabilities, ...costs?.[environment] };
}

/** Why something cannot be used now. */
export interface Obstacle {
  readonly reason: string;
  /** What to install or to change on this machine. Absent where the obstacle may pass by itself. */
  readonly remedy?: string;
  /** When the obstacle may have passed; absent when unknown. */
  readonly retryAfterMs?: number;
}

/** Whether a runtime can be used now, and why not. */
export type Availability =
  | { readonly available: true }
  | { readonly available: false } & Obstacle;

/** An obstacle in one sentence, with its remedy. */
export function describeObstacle(
  { reason, remedy }: { readonly reason?: string | undefined; readonly remedy?: string | undefined },
): string {
  return [reason ?? "no reason is known", ...(remedy === undefined ? [] : [remedy])].join(": ");
}

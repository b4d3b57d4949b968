/** The types of runtime, as the original design spells them. */
export type RuntimeType =
  | "Docker"
  | "Deno"
  | "Bun"
  | "NodeJs"
  | "WebAssembly"
  | "V8Isolate"
  | "NativeProcess";

/** The highest isolation level: another kernel. */
export const MAX_ISOLATION = 10;

/** The abilities and costs that a runtime declares. */
export interface RuntimeCapabilities {
  /** Time until a program may begin, in whole ms. */
  readonly startupTimeMs: number;
  /** Memory of an environment without that of its program, in whole MB. */
  readonly memoryOverheadMB: number;
  /** 0 (none) to {@link MAX_ISOLATION}. */
  readonly isolationLevel: number;
  readonly supportsFilesystemPersistence: boolean;
  readonly supportsNetworkAccess: boolean;
  readonly maxConcurrentExecutions: number;
}

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

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

/** Whether a runtime can be used now, and why not. */
export type Availability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string };

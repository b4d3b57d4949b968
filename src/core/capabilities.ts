/** The kinds of runtime there are, in the spelling of the original design. */
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

/** What a runtime can do and what it costs, as the runtime itself declares it. */
export interface RuntimeCapabilities {
  /** Time until a program may begin, in whole ms. */
  readonly startupTimeMs: number;
  /** Memory that an environment costs beside what the program itself uses, in whole MB. */
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

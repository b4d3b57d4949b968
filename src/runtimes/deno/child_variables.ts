/** What the environment of a child depends on. */
export interface ChildVariableSettings {
  readonly temporaryDirectory: string;
  /** Deno's own directory, which is that of one execution environment alone. */
  readonly cacheDirectory: string;
  readonly hasNetwork: boolean;
  /** Where packages come from. */
  readonly npmRegistry: string;
}

/**
 * The variables that no client's can change. There is no home: libraries and npm would take drivers, and a registry, from
 * configuration that a program left there. And no WebGPU, whose drivers are native code that Deno loads without asking.
 */
export function childVariables(
  { temporaryDirectory, cacheDirectory, hasNetwork, npmRegistry }: ChildVariableSettings,
): Record<string, string> {
  return {
    PATH: "/usr/bin:/bin",
    HOME: "/nonexistent",
    TMPDIR: temporaryDirectory,
    DENO_DIR: cacheDirectory,
    DENO_NO_UPDATE_CHECK: "1",
    DENO_NO_PACKAGE_JSON: "1",
    DENO_WEBGPU_BACKEND: "none",
    NPM_CONFIG_REGISTRY: npmRegistry,
    ...(hasNetwork ? { DENO_TLS_CA_STORE: "mozilla,system" } : {}),
  };
}

/** Settings for the variables of a child. */
export interface ChildVariableSettings {
  readonly temporaryDirectory: string;
  /** Deno's own directory, one for each execution environment. */
  readonly cacheDirectory: string;
  readonly hasNetwork: boolean;
  /** The URL of the registry of packages. */
  readonly npmRegistry: string;
}

/**
 * The variables that no client can change. There is no home: from configuration in it libraries and npm would take drivers
 * and a registry. There is no WebGPU: its drivers are native code that Deno loads without asking for a permission.
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

import { serviceBinaryVariables } from "../service_binary/service_binary.ts";

/** Settings for the variables of a child. */
export interface ChildVariableSettings {
  readonly temporaryDirectory: string;
  /** Deno's own directory, one for each execution environment. */
  readonly cacheDirectory: string;
  readonly hasNetwork: boolean;
  /** The URL of the registry of packages. */
  readonly npmRegistry: string;
}

/** The variables that no client can change. */
export function childVariables(
  { hasNetwork, npmRegistry, ...places }: ChildVariableSettings,
): Record<string, string> {
  return {
    ...serviceBinaryVariables(places),
    NPM_CONFIG_REGISTRY: npmRegistry,
    ...(hasNetwork ? { DENO_TLS_CA_STORE: "mozilla,system" } : {}),
  };
}

import { join } from "@std/path";
import type { CanaryFinding } from "../../core/diagnosis.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import { countConnections } from "../../host/count_connections.ts";
import { ownVariables } from "../../host/own_process.ts";
import type { ExecutionEnvironment, RuntimeConfig } from "../port.ts";
import { CANARIES, runCanaries } from "./canaries.ts";
import { childVariables } from "./child_variables.ts";
import type { DenoInstallation } from "./installation.ts";
import { type FlagSettings, permissionFlags } from "./permission_flags.ts";

/** Names of variables that every program has, with values that are not the service's. */
const CHILD_NAMES = Object.keys(
  childVariables({ temporaryDirectory: "", cacheDirectory: "", hasNetwork: true, npmRegistry: "" }),
).concat("NO_COLOR");

/** Settings for the flags that all programs have in common. */
const FLAG_SETTINGS: FlagSettings = {
  workspace: "workspace",
  temporaryDirectory: "temporary",
  permissions: NO_PERMISSIONS,
  variables: [],
  limits: DEFAULT_LIMITS,
  openNetworks: [],
  ownAddresses: [],
  npmRegistry: "registry",
  detectCommonJs: false,
};

/** Runs the canaries, with a file and a port of this machine as their targets. */
export async function testPrograms(
  { confinement: { hidesFiles }, scratchDirectory }: DenoInstallation,
  createEnvironment: (config: RuntimeConfig) => Promise<ExecutionEnvironment>,
  { signal }: { readonly signal: AbortSignal },
): Promise<CanaryFinding[]> {
  const secret = crypto.randomUUID();
  const secretPath = join(scratchDirectory, `canary_${crypto.randomUUID()}.txt`);
  await Deno.writeTextFile(secretPath, secret, { mode: 0o644 });
  await using listener = countConnections(["127.0.0.1"]);
  try {
    const targets = {
      secretPath,
      secret,
      hidesFiles,
      port: listener.addresses[0]?.port ?? 0,
      connections: listener.connections,
      ownVariables: ownVariables({ except: CHILD_NAMES }),
    };
    return await runCanaries(createEnvironment, targets, { signal });
  } finally {
    await Deno.remove(secretPath);
  }
}

/** Everything that findings depend on: the machine, its layers, the binary and the canaries. */
export function versionOf({ binary, bootPath, confinement, startPath }: DenoInstallation): string {
  const { mtime, size } = Deno.statSync(binary);
  return JSON.stringify([
    Deno.osRelease(),
    confinement.version,
    [size, mtime?.getTime()],
    [bootPath, startPath].map((path) => Deno.readTextFileSync(path)),
    permissionFlags(FLAG_SETTINGS),
    CANARIES.map(({ name, promise, fault, files, links }) => [name, promise, ...[files, links, fault].map(String)]),
  ]);
}

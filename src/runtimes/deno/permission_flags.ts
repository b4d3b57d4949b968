import type { Limits } from "../../core/limits.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import { closedNetworks } from "../../core/permissions/private_networks.ts";
import { flagList, isListable } from "../service_binary/flag_list.ts";
import { SERVICE_BINARY_FLAGS } from "../service_binary/service_binary.ts";

/** WebAssembly pages of 64 KiB in one MB. */
const WASM_PAGES_PER_MB = 16;

/** The installed packages, at the paths at which a program finds them. */
export interface InstalledPackages {
  /** The file that maps each bare name to a package. */
  readonly configPath: string;
  readonly lockPath: string;
  /** The directory of the packages, which they may read. */
  readonly directory: string;
}

/** Settings for the flags of one `deno run`. */
export interface FlagSettings {
  readonly workspace: string;
  readonly temporaryDirectory: string;
  readonly permissions: PermissionSettings;
  /** Names of the variables that the service sets for the program. */
  readonly variables: readonly string[];
  readonly limits: Limits;
  /** Private networks that the operator opened. */
  readonly openNetworks: readonly string[];
  /** Addresses of this machine, which are not the public internet. */
  readonly ownAddresses: readonly string[];
  /** The URL of the registry of packages; `npm:` imports need it to be reachable. */
  readonly npmRegistry: string;
  readonly packages?: InstalledPackages | undefined;
  /** Whether a program without `import` and `export` may be CommonJS. */
  readonly detectCommonJs: boolean;
}

/**
 * The flags of a `deno run` that grants exactly the permissions of the settings. Every value stands in one flag of its
 * own list, and no value may hold a character at which Deno splits a list.
 *
 * @throws {TypeError} for a value that would widen a list; {@link whyNotFlags} finds it beforehand
 */
export function permissionFlags(settings: FlagSettings): string[] {
  const { workspace, temporaryDirectory, permissions, limits, packages } = settings;
  return [
    ...SERVICE_BINARY_FLAGS,
    packages === undefined ? "--no-config" : `--config=${packages.configPath}`,
    ...packageFlags(settings),
    ...networkFlags(settings),
    permissions.allowRun ? "--allow-run" : "--deny-run",
    "--deny-sys",
    ...flagList("--allow-env", [...settings.variables, ...permissions.allowEnv]),
    ...flagList("--allow-read", [
      workspace,
      temporaryDirectory,
      ...(packages === undefined ? [] : [packages.directory]),
      ...permissions.allowRead,
    ]),
    ...flagList("--allow-write", [workspace, temporaryDirectory, ...permissions.allowWrite]),
    ...(settings.detectCommonJs ? ["--unstable-detect-cjs"] : []),
    `--v8-flags=--max-old-space-size=${limits.memoryMb},--wasm-max-mem-pages=${limits.memoryMb * WASM_PAGES_PER_MB}`,
  ];
}

/** Why a value cannot stand in a list of flags; undefined when each can. */
export function whyNotFlags(permissions: PermissionSettings): string | undefined {
  const paths = [...permissions.allowRead, ...permissions.allowWrite];
  const bad = paths.find((path) => !isListable(path));
  if (bad !== undefined) {
    return `the path ${JSON.stringify(bad)} holds a character that Deno's permission lists cannot carry`;
  }
  const hosts = typeof permissions.allowNet === "object" ? permissions.allowNet : [];
  const ipv6 = hosts.find((host) => host.startsWith("["));
  return ipv6 === undefined
    ? undefined
    : `${ipv6} is an IPv6 address, and private IPv6 networks cannot be kept out one by one`;
}

/**
 * Flags for packages. Without a registry a program has the installed packages in the versions of the lock, and
 * `--cached-only` keeps Deno from fetching others. It also keeps it from fetching modules of other hosts: it is set only
 * where packages are installed.
 */
function packageFlags(settings: FlagSettings): string[] {
  if (isNpmReachable(settings)) return ["--no-lock"];
  const { packages } = settings;
  return packages === undefined ? ["--no-lock", "--no-npm"] : [`--lock=${packages.lockPath}`, "--cached-only"];
}

function isNpmReachable({ permissions: { allowNet }, npmRegistry }: FlagSettings): boolean {
  if (typeof allowNet === "boolean") return allowNet;
  const { hostname, port, protocol } = new URL(npmRegistry);
  const usedPort = port !== "" ? port : protocol === "http:" ? "80" : "443";
  return allowNet.includes(hostname) || allowNet.includes(`${hostname}:${usedPort}`);
}

/** Flags for the network, which also decide from which hosts modules are loaded. */
function networkFlags({ permissions, openNetworks, ownAddresses }: FlagSettings): string[] {
  const hosts = permissions.allowNet;
  if (hosts === false) {
    return ["--no-remote", "--deny-import", "--deny-net"];
  }
  const closed = [...closedNetworks(openNetworks), ...ownAddresses, "[::]", "[::1]"];
  const allowed = typeof hosts === "object" ? hosts : [];
  return [
    ...(hosts === true
      ? ["--allow-net", "--allow-import"]
      : [...flagList("--allow-net", allowed), ...flagList("--allow-import", allowed)]),
    ...flagList("--deny-net", closed),
    ...flagList("--deny-import", closed),
  ];
}

import { join } from "@std/path";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import { serviceBinaryVariables } from "../ecmascript/service_binary.ts";
import type { FileProgram, Launch, LaunchSite } from "../process/spec.ts";

/** The directory of the modules that run inside the child, and the one that begins. */
export const MODULES = "modules";
export const MAIN = "wasi.js";
/** Deno's own directory, one for each environment. */
export const CACHE_NAME = "deno_dir";

/** Where a module finds temporary files, whatever the host's path. */
const TEMPORARY = "/tmp";
/** The length of the orders before them, in hexadecimal digits; begin.js has the same. */
const LENGTH_DIGITS = 8;

/** The flags of every process beside its paths. */
export const COMMON_FLAGS: readonly string[] = [
  ...["--no-prompt", "--quiet", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--no-code-cache"],
  ...[
    "--node-modules-dir=none",
    "--deny-import",
    "--deny-net",
    "--deny-run",
    "--deny-ffi",
    "--deny-sys",
    "--ignore-env",
  ],
];

/**
 * Launches a module. Its arguments, its variables and its path come behind the go, and are of no concern to the process
 * before. Relative paths of a module are those of the workspace, by whatever name its libraries know that.
 */
export function launchFile(
  { mounts }: LaunchSite,
  { args, path, variables }: FileProgram,
): Launch {
  const { binary, temporary, workspace } = mounts;
  const cache = mounts.directory(CACHE_NAME);
  const modules = mounts.module(MODULES);
  const own = [workspace.target, temporary.target].join(",");
  const orders = JSON.stringify({
    name: path,
    file: join(workspace.target, path),
    args,
    env: { PWD: WORKSPACE_ROOT, TMPDIR: TEMPORARY, ...variables },
    preopens: { [WORKSPACE_ROOT]: workspace.target, ".": workspace.target, [TEMPORARY]: temporary.target },
  });
  return {
    argv: [
      binary.target,
      "run",
      ...COMMON_FLAGS,
      `--allow-read=${own}`,
      `--allow-write=${own}`,
      join(modules.target, MAIN),
    ],
    workingDirectory: ".",
    variables: {},
    ownVariables: {
      ...serviceBinaryVariables({ cacheDirectory: cache.target, temporaryDirectory: temporary.target }),
      NO_COLOR: "1",
    },
    mounts: [workspace, temporary, cache, binary, modules],
    hasNetwork: false,
    startsOthers: false,
    handshake: "ready_and_go",
    orders: withLength(orders),
  };
}

function withLength(orders: string): string {
  const { length } = new TextEncoder().encode(orders);
  return `${length.toString(16).padStart(LENGTH_DIGITS, "0")}${orders}`;
}

import { join, toFileUrl } from "@std/path";
import { ownAddresses } from "../../host/own_addresses.ts";
import { INTERPRETER, INTERPRETER_MAIN } from "../interpreters/ecmascript/places.ts";
import type { ContextProgram, FileProgram, Launch, LaunchSite } from "../process/launch.ts";
import { childVariables } from "./child_variables.ts";
import { CACHE_NAME, MODULES } from "./modules.ts";
import { CONFIG_FILE, LOCK_FILE, PACKAGES_PATH } from "./package_files.ts";
import { type FlagSettings, permissionFlags } from "./permission_flags.ts";

/** The service's own variables that a program may read. */
export const READABLE: readonly string[] = ["TMPDIR"];

/** Launches a file of the workspace, with exactly the permissions of its environment. */
export async function launchFile(site: LaunchSite, program: FileProgram, npmRegistry: string): Promise<Launch> {
  const { host: { confinement }, mounts } = site;
  const { path, readText } = program;
  // A program is the main module where its imports can read no file of the host; else boot.js imports it. That takes the
  // text after the question mark as it stands: parsing it as a query would cost every start 0.4 ms.
  const url = toFileUrl(join(mounts.workspace.target, path)).href;
  const main = confinement.hidesFiles ? url : `${toFileUrl(mounts.module(MODULES.boot).source).href}?${url}`;
  const detectCommonJs = path.endsWith(".js") && /\brequire\b|\bmodule\.exports\b/.test(await readText());
  return launchDeno(site, { ...program, main, detectCommonJs, npmRegistry });
}

/** Launches the interpreter of a context with exactly the permissions of its environment. */
export function launchContext(site: LaunchSite, program: ContextProgram, npmRegistry: string): Launch {
  const interpreter = site.mounts.module(INTERPRETER);
  const main = toFileUrl(join(interpreter.target, INTERPRETER_MAIN)).href;
  const rest = { main, args: [], workingDirectory: ".", detectCommonJs: true, npmRegistry };
  const launch = launchDeno(site, { ...program, ...rest });
  return { ...launch, mounts: [...launch.mounts, interpreter] };
}

function launchDeno(
  { host: { openNetworks }, mounts, permissions }: LaunchSite,
  { args, detectCommonJs, limits, main, npmRegistry, packages, variables, workingDirectory }:
    & ContextProgram
    & Pick<FileProgram, "args" | "workingDirectory">
    & Pick<FlagSettings, "detectCommonJs" | "npmRegistry">
    & { readonly main: string },
): Launch {
  const { binary, temporary, workspace } = mounts;
  const cache = mounts.directory(CACHE_NAME);
  const start = mounts.module(MODULES.start);
  const hasNetwork = permissions.allowNet !== false;
  const flags = permissionFlags({
    detectCommonJs,
    workspace: workspace.target,
    temporaryDirectory: temporary.target,
    permissions,
    variables: [...Object.keys(variables), ...READABLE],
    limits,
    openNetworks,
    npmRegistry,
    packages: packages && {
      configPath: join(packages.target, CONFIG_FILE),
      lockPath: join(packages.target, LOCK_FILE),
      directory: join(cache.target, PACKAGES_PATH),
    },
    ownAddresses: hasNetwork ? ownAddresses(openNetworks) : [],
  });
  return {
    argv: [binary.target, "run", `--preload=${start.target}`, ...flags, main, ...args],
    workingDirectory,
    variables: { NO_COLOR: "1", ...variables },
    ownVariables: childVariables({
      temporaryDirectory: temporary.target,
      cacheDirectory: cache.target,
      hasNetwork,
      npmRegistry,
    }),
    mounts: [workspace, temporary, cache, binary, start],
    hasNetwork,
    startsOthers: permissions.allowRun,
    handshake: "ready_and_go",
  };
}

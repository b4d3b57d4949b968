import { join } from "@std/path";
import type { ContextProgram, Launch, LaunchSite } from "../process/launch.ts";
import { COMMANDS_CONFIG_FILE, CONFIG_FILE, NODE_MODULES } from "./package_files.ts";

/**
 * Lets a command line start Deno and what installed packages bring. The system alone confines a command, so it gets
 * neither the cache of programs nor their configuration.
 */
export function surroundCommand(
  launch: Launch,
  { host: { confinement }, mounts: { temporary }, packages }:
    & Pick<LaunchSite, "host" | "mounts">
    & Partial<ContextProgram>,
): Launch {
  const variables = { NO_COLOR: "1", ...launch.variables };
  const ownVariables = {
    ...launch.ownVariables,
    DENO_DIR: join(temporary.target, "deno"),
    DENO_NO_UPDATE_CHECK: "1",
  };
  if (packages === undefined || !confinement.canMount) return { ...launch, variables, ownVariables };
  const modules = `/${NODE_MODULES}`;
  return {
    ...launch,
    variables,
    ownVariables: { ...ownVariables, PATH: `${join(modules, ".bin")}:${launch.ownVariables["PATH"]}` },
    mounts: [
      ...launch.mounts,
      { source: join(packages.source, NODE_MODULES), target: modules, access: "execute" },
      { source: join(packages.source, COMMANDS_CONFIG_FILE), target: `/${CONFIG_FILE}`, access: "read" },
    ],
  };
}

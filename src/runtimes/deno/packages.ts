import { join } from "@std/path";
import type { Confinement } from "../../sandbox/confinement.ts";
import type { PackageSpec } from "../process/spec.ts";
import { childVariables } from "./child_variables.ts";
import { CACHE_NAME } from "./modules.ts";
import { COMMANDS_CONFIG_FILE, CONFIG_FILE, LOCK_FILE, PACKAGES_PATH } from "./package_files.ts";
import { parsePackages } from "../ecmascript/package_names.ts";
import { registryErrors } from "../service_binary/packages.ts";

/**
 * How npm packages are installed. They lie in Deno's own directory and not in the workspace: with a `node_modules`
 * there (`--node-modules-dir=manual`) Deno would let a program read every file of the host that has such a directory
 * above it. Command lines, which the system alone confines, see the same files in a `node_modules` of their own. Only the
 * service writes the configuration that names the packages, and no script of a package is run.
 */
export function packageSpec(npmRegistry: string, { canMount }: Pick<Confinement, "canMount">): PackageSpec {
  return {
    parse: parsePackages,
    stage: (sources) => ({
      [CONFIG_FILE]: JSON.stringify({ imports: Object.fromEntries(sources) }),
      [COMMANDS_CONFIG_FILE]: JSON.stringify({ nodeModulesDir: "manual" }),
    }),
    launch: ({ mounts: { binary } }, { target }) => ({
      argv: [
        binary.target,
        "install",
        "--no-prompt",
        `--node-modules-dir=${canMount ? "auto" : "none"}`,
        `--config=${join(target, CONFIG_FILE)}`,
        `--lock=${join(target, LOCK_FILE)}`,
      ],
      mounts: [binary],
      ownVariables: {
        NO_COLOR: "1",
        ...childVariables({
          temporaryDirectory: target,
          cacheDirectory: join(target, CACHE_NAME),
          hasNetwork: true,
          npmRegistry,
        }),
      },
    }),
    keptFiles: [LOCK_FILE],
    tree: [CACHE_NAME, PACKAGES_PATH],
    ...registryErrors(npmRegistry),
  };
}

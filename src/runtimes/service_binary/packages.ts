import { join } from "@std/path";
import { runtimeUnavailable } from "../../core/errors.ts";
import type { Mount } from "../../sandbox/mount.ts";
import type { RuntimeHost } from "../port.ts";
import { OWN_ROOT } from "../process/mounts.ts";
import type { ContextProgram, EnvironmentMounts, LaunchSite } from "../process/launch.ts";
import type { PackageSpec } from "../process/spec.ts";
import { parsePackages } from "../ecmascript/package_names.ts";

/** The directory of an environment for packages, beside the workspace. */
export const PACKAGES = "packages_of_npm";
/** The directory that the installer makes in {@link PACKAGES}. */
const TREE = "node_modules";
const CONFIG = "deno.json";

/**
 * Makes the installation of npm packages by the binary that runs the service. It suits a runtime that searches for
 * `node_modules` from the program's file upwards. The service alone writes the configuration that names the packages,
 * and no script of a package runs.
 */
export function npmPackages(
  { confinement, npmRegistry }: Pick<RuntimeHost, "confinement"> & { readonly npmRegistry: string },
): PackageSpec | undefined {
  if (!confinement.canMount) return undefined; // No import would search where the packages are.
  return {
    parse: parsePackages,
    stage: (sources) => ({
      [join(PACKAGES, CONFIG)]: JSON.stringify({ nodeModulesDir: "auto", imports: Object.fromEntries(sources) }),
    }),
    launch: (site, { target }) => {
      const installer = installerMount(site);
      return {
        argv: [installer.target, "install", "--no-prompt", "--no-lock", `--config=${join(target, PACKAGES, CONFIG)}`],
        mounts: [installer],
        ownVariables: {
          PATH: "/usr/bin:/bin",
          HOME: "/nonexistent",
          TMPDIR: target,
          NO_COLOR: "1",
          DENO_DIR: join(target, PACKAGES, "cache"),
          DENO_NO_UPDATE_CHECK: "1",
          DENO_TLS_CA_STORE: "mozilla,system",
          NPM_CONFIG_REGISTRY: npmRegistry,
        },
      };
    },
    keptFiles: [],
    tree: [PACKAGES, TREE],
    ...registryErrors(npmRegistry),
  };
}

/** How errors of the installer about a registry are shown. */
export function registryErrors(npmRegistry: string): Pick<PackageSpec, "shownTexts" | "hints"> {
  return {
    shownTexts: { [npmRegistry]: "npm:" },
    hints: [{
      pattern: /error sending request for url \(npm:/,
      text: "The npm registry cannot be reached: the service's operator names one that can (--npm-registry)",
    }],
  };
}

/** Mounts of the installed packages, above the workspace. There, a program's imports find them by their names. */
export function packageMounts(mounts: EnvironmentMounts, { packages }: Pick<ContextProgram, "packages">): Mount[] {
  if (packages === undefined) return [];
  return [{ source: join(mounts.directory(PACKAGES).source, TREE), target: `/${TREE}`, access: "read" }];
}

function installerMount({ host: { confinement } }: LaunchSite): Mount {
  if (Deno.build.standalone) {
    throw runtimeUnavailable({
      reason: "a compiled service has no installer of packages",
      remedy: "run the service from its source",
    });
  }
  const source = confinement.reachable(Deno.execPath());
  return { source, target: confinement.canMount ? join(OWN_ROOT, "installer") : source, access: "execute" };
}

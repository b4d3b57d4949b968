import { dirname, join } from "@std/path";
import type { InstalledBinary, InstallRequest } from "../entry.ts";
import { isExecutable } from "../process/find_binary.ts";
import { cannotInstall, installDirectory, removeOtherVersions, takePackage } from "./npm_package.ts";
import { installedPath, packageFor, type Release } from "./release.ts";

/**
 * Installs a release from npm's registry into the service's home, unless it is there. It fetches the tarball, checks it
 * against its digest, and takes the binary out. Nothing of the package is run. The binary is there as a whole or not at
 * all. One that may not be executed makes room.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where it cannot be installed; the file system's error
 */
export async function installRelease(
  release: Release,
  { home, instance, progress, registry, signal }: Pick<InstallRequest, "home" | "instance" | "progress" | "signal"> & {
    readonly registry: string;
  },
): Promise<InstalledBinary> {
  const found = packageFor(release);
  const { binary: title } = release;
  if (found === undefined) {
    throw cannotInstall(title, `there is no package for ${Deno.build.os} on ${Deno.build.arch}`);
  }
  const path = installedPath(home, release, found);
  const wasThere = await installDirectory(dirname(path), {
    isMade: () => isExecutable(path),
    async make(staging) {
      using task = progress.begin(`downloading ${found.name} ${found.version}`);
      const { member = `bin/${title}` } = found;
      const files = [{ member, path: join(staging, title), mode: 0o755 }];
      await takePackage(found, { title, registry, signal, task, staging, files });
    },
  });
  const removal = await removeOtherVersions(dirname(path), { home, instance, name: title });
  return { path, version: found.version, wasThere, ...removal };
}

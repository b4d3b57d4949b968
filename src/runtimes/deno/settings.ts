import { join } from "@std/path";
import { z } from "zod";
import { CodeBeakerError } from "../../core/errors.ts";
import { parseSettings, type SettingTable, type SettingValues, withDefaults } from "../../core/settings.ts";
import type { RuntimeHost } from "../port.ts";
import { RUNTIME_NAME } from "./facts.ts";

/** This runtime's settings. */
export const SETTINGS = {
  denoBinary: {
    schema: z.string().min(1),
    default: undefined, // The running binary: to ask for its path takes a permission that a host may not grant.
    shown: "the running one",
    help: "the deno that runs programs",
  },
  npmRegistry: {
    schema: z.url({ protocol: /^https?$/, error: "Must be a URL of http or https" })
      .transform((url) => url.replace(/\/*$/, "/")),
    default: "https://registry.npmjs.org/",
    shown: "npm's own",
    help: "registry that the deno runtime installs packages from",
  },
} as const satisfies SettingTable;

/** The settings that a host has for this runtime. */
export function settingsOf({ settings }: Pick<RuntimeHost, "settings">): SettingValues<typeof SETTINGS> {
  const given = parseSettings(SETTINGS, settings[RUNTIME_NAME] ?? {}, { what: `the settings of ${RUNTIME_NAME}` });
  return withDefaults(SETTINGS, given);
}

/**
 * The path of the binary that runs programs. A name without a directory is looked up as a shell would. A compiled
 * service is no Deno: it takes the one on the search path.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where no file has that path
 */
export function findBinary(
  { binary = Deno.build.standalone ? "deno" : Deno.execPath(), searchPath }: {
    readonly binary: string | undefined;
    readonly searchPath: readonly string[];
  },
): string {
  const isPath = binary.includes("/");
  const places = isPath
    ? [binary.startsWith("/") ? binary : join(Deno.cwd(), binary)]
    : searchPath.map((directory) => join(directory, binary));
  const found = places.find(isFile);
  if (found !== undefined) return found;
  throw new CodeBeakerError(
    "runtime_unavailable",
    `Cannot start programs as denoBinary must name an executable file: current value is ${JSON.stringify(binary)}`,
  );
}

/** Whether a path is that of a file. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // Unreadable or absent: it cannot be started.
  }
}

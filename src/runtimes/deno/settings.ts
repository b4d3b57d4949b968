import { join } from "@std/path";
import { CodeBeakerError } from "../../core/errors.ts";
import type { DenoInstallation } from "./installation.ts";

/** Where npm's packages are when nothing else is said. */
const NPM_REGISTRY = "https://registry.npmjs.org/";

/** This runtime's raw settings, parsed. */
export interface DenoSettings extends Pick<DenoInstallation, "binary" | "npmRegistry"> {
  /** Directories in which a binary is looked for that is named without one. */
  readonly searchPath: readonly string[];
}

/**
 * Parses raw settings. In a compiled service `execPath` is the service itself, which runs no programs: Deno is then the
 * one on the search path.
 */
export function parseSettings(settings: unknown): DenoSettings {
  const given: { readonly binary?: unknown; readonly npmRegistry?: unknown; readonly searchPath?: unknown } =
    typeof settings === "object" && settings !== null ? settings : {};
  const { binary, npmRegistry, searchPath } = given;
  return {
    binary: typeof binary === "string" ? binary : Deno.build.standalone ? "deno" : Deno.execPath(),
    npmRegistry: typeof npmRegistry === "string" ? npmRegistry.replace(/\/*$/, "/") : NPM_REGISTRY,
    searchPath: Array.isArray(searchPath) ? searchPath.filter((directory) => typeof directory === "string") : [],
  };
}

/**
 * Where a binary lies that is named as a shell would: in a file system of its own a program finds it by its path only.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where there is none
 */
export function findBinary({ binary, searchPath }: Pick<DenoSettings, "binary" | "searchPath">): string {
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

/** Whether something lies there that can be started. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // Whatever it is, it cannot be started.
  }
}

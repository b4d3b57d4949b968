import { dirname, join } from "@std/path";
import { type Packed, packForNpm } from "../../packaging/npm/pack.ts";
import type { Availability } from "../../src/core/capabilities.ts";
import { findOnPath } from "./find_node.ts";

/** No registry: nothing is fetched once the package is installed. */
const OFFLINE = { NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/", npm_config_offline: "true" };

/** The service's npm package, made and installed by npx in a test's own directory. */
export interface NpmPackage {
  readonly packed: Availability;
  readonly installed: Availability;
  /** Absent where there is no npx. */
  readonly made: Packed | undefined;
  /** An empty folder to start it in. */
  readonly empty: string;
  readonly npmVariables: Readonly<Record<string, string>>;
  /** npx runs by the Node of the machine, and what it starts by the first one on PATH. */
  npxCommand(...args: readonly string[]): string[];
  /** The variables with which npx finds the installed package, a Node, and no registry. */
  variablesFor(node: string): Record<string, string>;
  /** The commands that npx has installed. */
  binaries(): Promise<string[]>;
}

/** Makes the npm package, and installs it, and with it Deno, from npm's cache or its registry. */
export async function openNpmPackage(directory: string): Promise<NpmPackage> {
  const [empty, cache] = [join(directory, "empty"), join(directory, "npm")];
  await Deno.mkdir(empty);
  await Deno.mkdir(cache);
  // npm's cache without what npx has installed: that is in the directory of the test.
  const npmVariables = { npm_config_cache: cache, npm_config_update_notifier: "false" };
  const npx = findOnPath("npx");
  const packed: Availability = npx === undefined
    ? { available: false, reason: "npx is not installed" }
    : { available: true };
  const made = packed.available ? await packForNpm(directory) : undefined;
  const npxCommand = (...args: readonly string[]) => [
    findOnPath("node") ?? "",
    Deno.realPathSync(npx ?? ""),
    "--yes",
    `--package=${made?.tarball}`,
    "codebeaker",
    ...args,
  ];
  const variablesFor = (node: string) => ({
    ...npmVariables,
    ...OFFLINE,
    PATH: `${dirname(node)}:/usr/bin:/bin`,
    DENO_DIR: join(directory, "deno"),
  });
  const binaries = async () => {
    const folders = await Array.fromAsync(Deno.readDir(join(cache, "_npx")));
    return folders.map(({ name }) => join(cache, "_npx", name, "node_modules/.bin/codebeaker"));
  };
  async function install(): Promise<Availability> {
    const { stdout } = await new Deno.Command("npm", { args: ["config", "get", "cache"] }).output();
    await Deno.symlink(join(new TextDecoder().decode(stdout).trim(), "_cacache"), join(cache, "_cacache"));
    const [file = "", ...args] = npxCommand("--version");
    const env = { ...npmVariables, npm_config_prefer_offline: "true" };
    const { success, stderr } = await new Deno.Command(file, { args, cwd: empty, env }).output();
    const reason = new TextDecoder().decode(stderr).trim();
    return success ? { available: true } : { available: false, reason };
  }
  const installed = packed.available ? await install() : packed;
  return { packed, installed, made, empty, npmVariables, npxCommand, variablesFor, binaries };
}

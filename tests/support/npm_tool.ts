import { join } from "@std/path";
import { messageOf } from "../../src/core/errors.ts";
import { isPresent } from "./requirements.ts";

/** What tests install is kept for the next run. */
const TOOLS = join(Deno.env.get("HOME") ?? "/root", ".codebeaker/tests/npm");

/**
 * Installs a package of npm, once for all runs, and returns its directory. Undefined where npm or its registry is not
 * there: then a test is reported as skipped. Packages that Deno can run itself need none of this; Deno refuses one whose
 * optional dependency for another system does not exist.
 */
export async function npmTool(name: string, version: string): Promise<string | undefined> {
  const wanted = `${name}@${version}`;
  const directory = await npmProject(wanted.replaceAll("/", "+"), [wanted]);
  return directory === undefined ? undefined : join(directory, "node_modules", name);
}

/**
 * Installs packages of npm together, once for all runs, and returns the directory that has their `node_modules`. They
 * are skipped as those of {@link npmTool}. Another list needs another name.
 */
export async function npmProject(name: string, wanted: readonly string[]): Promise<string | undefined> {
  const directory = join(TOOLS, name);
  try {
    if (!await exists(join(directory, "node_modules"))) await install(wanted, directory);
    return directory;
  } catch (error) {
    isPresent("npm_registry", { available: false, reason: `cannot install ${name}: ${messageOf(error)}` });
    return undefined;
  }
}

async function install(wanted: readonly string[], directory: string): Promise<void> {
  await Deno.mkdir(TOOLS, { recursive: true });
  const making = await Deno.makeTempDir({ dir: TOOLS });
  try {
    const { success, stderr } = await new Deno.Command("npm", {
      args: ["install", "--silent", "--no-audit", "--no-fund", "--omit=optional", "--prefix", making, ...wanted],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).slice(0, 500));
    await Deno.rename(making, directory).catch(async (error: unknown) => {
      if (!await exists(directory)) throw error; // Another run was faster.
      await Deno.remove(making, { recursive: true });
    });
  } catch (error) {
    await Deno.remove(making, { recursive: true }).catch(() => {}); // It has been renamed, or was never made.
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

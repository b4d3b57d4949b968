/** The path of packages in Deno's own directory. */
export const PACKAGES_PATH = "npm";
/** The file that maps each bare name to a package. */
export const CONFIG_FILE = "deno.json";
/** The directory of packages that command lines see. */
export const NODE_MODULES = "node_modules";
/** The configuration that lets Deno find {@link NODE_MODULES} above the workspace. */
export const COMMANDS_CONFIG_FILE = "commands.json";
/** The file that fixes the versions of packages. */
export const LOCK_FILE = "deno.lock";

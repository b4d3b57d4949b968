/** The path of packages in Deno's own directory. */
export const PACKAGES_PATH = "npm";
/** The file that maps each bare name to a package. */
export const CONFIG_FILE = "deno.json";
/** The file that fixes the versions of packages. */
export const LOCK_FILE = "deno.lock";

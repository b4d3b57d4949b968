/** Where packages lie in Deno's own directory. */
export const PACKAGES_PATH = "npm";
/** The file that says what each bare name stands for. */
export const CONFIG_FILE = "deno.json";
export const LOCK_FILE = "deno.lock";

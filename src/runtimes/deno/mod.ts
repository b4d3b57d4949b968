/** Programs as children of this service: one `deno run` each, with exactly the permissions that were granted. */
export { createDenoRuntime } from "./deno_runtime.ts";
export { DEVIATIONS } from "./deviations.ts";

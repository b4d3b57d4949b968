/** Programs as children of this service: one `deno run` each, with exactly the permissions that were granted. */
export { createDenoRuntime as create } from "./deno_runtime.ts";

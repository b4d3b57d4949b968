/** Programs in hardened containers, through the Engine API. */
export { createDockerRuntime as create } from "./docker_runtime.ts";

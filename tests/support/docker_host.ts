/** Where tests look for an Engine. */
export const DOCKER_HOST = Deno.env.get("DOCKER_HOST") ?? "unix:///var/run/docker.sock";

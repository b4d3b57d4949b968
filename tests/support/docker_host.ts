/** Where tests look for an Engine; an empty variable counts as none, as it does for the service. */
export const DOCKER_HOST = Deno.env.get("DOCKER_HOST") || "unix:///var/run/docker.sock";

import project from "../deno.json" with { type: "json" };

/**
 * The flags with which Deno runs a bundle of the service: those of the task `serve`, and those that stand for the
 * project's configuration, which is not read.
 */
export function bundleFlags(): string[] {
  const { command } = project.tasks.serve;
  const [, , ...flags] = command.slice(0, command.indexOf(" main.ts")).split(" ");
  return [...flags, ...project.unstable.map((name) => `--unstable-${name}`), "--no-config", "--no-lock"];
}

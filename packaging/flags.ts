import project from "../deno.json" with { type: "json" };

/** The tasks whose flags of Deno packages use. */
type Task = keyof typeof project.tasks & ("serve" | "run");

/**
 * The flags with which Deno runs a bundle of the service: those of a task, and those that stand for the project's
 * configuration, which is not read.
 */
export function flagsOf(task: Task): string[] {
  const { command } = project.tasks[task];
  const [, , ...flags] = command.slice(0, command.indexOf(" main.ts")).split(" ");
  return [...flags, ...project.unstable.map((name) => `--unstable-${name}`), "--no-config", "--no-lock"];
}

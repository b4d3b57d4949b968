/** The groups of operations, and their descriptions. */
export const TAGS = {
  Executions: "Programs, each in an environment of its own; and every execution by its id",
  Sessions: "Environments that last, with programs and commands in them",
  Contexts: "Stateful interpreters of a session",
  Files: "The workspace of a session",
  Runtimes: "Ways to run, the languages that they run, and the selector",
  Service: "The service itself",
  Original: "The HTTP interface of the original, whose clients work unchanged",
} as const;

/** The name of a group. */
export type Tag = keyof typeof TAGS;

import { RUNTIMES } from "../runtimes/registry.ts";
import type { Subcommand } from "./context.ts";

/** Every subcommand, in the order of `--help`. The module of each is loaded when it is used. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: "serve",
    description: "run the HTTP service",
    load: async () => (await import("./serve.ts")).defineServe,
  },
  {
    name: "run",
    description: "select a runtime and run one program",
    load: async () => (await import("./run/run.ts")).defineRun,
  },
  {
    name: "mcp",
    description: "run programs for an agent or editor, which starts this command",
    load: async () => (await import("./mcp.ts")).defineMcp,
  },
  {
    name: "runtimes",
    description: "list the runtimes",
    load: async () => (await import("./runtimes/runtimes.ts")).defineRuntimes,
  },
  {
    name: "languages",
    description: "list the languages, and add some",
    load: async () => (await import("./languages.ts")).defineLanguages,
  },
  {
    name: "doctor",
    description: "test the isolation of programs here, and say how to raise it",
    load: async () => (await import("./doctor.ts")).defineDoctor,
  },
  {
    name: "keys",
    description: "create, list and revoke API keys",
    load: async () => (await import("./keys.ts")).defineKeys,
  },
  {
    name: "audit",
    description: "print the audit log, the oldest first",
    load: async () => (await import("./audit.ts")).defineAudit,
  },
  {
    name: "executions",
    description: "list, show, follow and cancel the executions of a running service",
    load: async () => (await import("./executions/executions.ts")).defineExecutions,
  },
  {
    name: "completions",
    description: "print a script that completes this command line in a shell",
    load: async () => (await import("./completions/completions.ts")).defineCompletions,
  },
  ...RUNTIMES.flatMap(({ commands }) => commands).map((own): Subcommand => ({
    name: own.name,
    description: own.description,
    load: async () => (await import("./runtimes/runtime_command.ts")).defineRuntimeCommand(own),
  })),
];

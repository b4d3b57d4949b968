import { executeShell } from "../../../commands/mod.ts";
import { strictObject } from "../../../core/parsing/validation.ts";
import { executionOutput } from "../results/execution_result.ts";
import { runProgramCommand } from "./program_command.ts";
import { sessionFields, stdin } from "./session_fields.ts";
import { defineTool } from "./tool.ts";

const { args, command, env, timeoutMs, workingDirectory } = executeShell.schema.shape;

const NAME = "run_command";

/** Runs a line of a shell in a session. */
export const runCommand = defineTool({
  name: NAME,
  title: "Run a command",
  description:
    "Runs a shell command in a session, where the session's files are: to build, test or look around. For a program of your own use run_code. Some runtimes have no shell; then the refusal names those that have.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  output: executionOutput,
  schema: strictObject({
    command: command.describe("A line for sh, or with args the name of a program"),
    args: args.describe("Arguments, where command is the name of a program"),
    workingDirectory: workingDirectory.describe("A directory below the session's files"),
    env,
    stdin,
    timeoutMs: timeoutMs.describe("Deadline, 10000 by default"),
    ...sessionFields,
  }),
  run: (fields, call) => runProgramCommand({ tool: NAME, type: "execute_shell", fields }, call),
});

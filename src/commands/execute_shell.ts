import { z } from "zod";
import { environmentSchema } from "../core/permissions/environment_variables.ts";
import { invalidField } from "../core/errors.ts";
import { withTimeout } from "../core/limits.ts";
import { argumentListSchema, argumentSchema } from "../core/requests/content.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { FIXED_BY_SESSION } from "../core/requests/session_request.ts";
import { parseWorkspacePath } from "../core/workspace_path.ts";
import { defineProgramCommand } from "./command.ts";
import { runProgram } from "./run_program.ts";
import { programFields, TIMEOUT_ALIASES, timeoutOf } from "./program_fields.ts";

/**
 * Runs a command, if the runtime can confine it. The command is a line for `sh -c` or, with `args` (even empty), an
 * argument vector.
 */
export const executeShell = defineProgramCommand({
  type: "execute_shell",
  aliases: ["shell"],
  fieldAliases: {
    ...TIMEOUT_ALIASES,
    commandName: "command",
    command_name: "command",
    working_directory: "workingDirectory",
  },
  schema: strictObject({
    command: argumentSchema.refine((command) => command !== "", "Name a command")
      .describe("A line for sh -c or, with args, the name of a program"),
    args: argumentListSchema.optional().describe("Arguments of the program; absent, command is a line"),
    workingDirectory: z.string().default(".").describe("Relative to the workspace"),
    env: environmentSchema.default({}),
    stdin: z.string().optional(),
    ...programFields,
  }, { elsewhere: FIXED_BY_SESSION }),
  isFed: ({ stdin }) => stdin === undefined,
  async run(environment, { command, args, workingDirectory, env, stdin, ...time }, context) {
    const limits = withTimeout(context, timeoutOf(time));
    const directory = parseWorkspacePath(workingDirectory, "workingDirectory");
    const { type } = await environment.files.stat(directory, { follow: true });
    if (type !== "directory") throw invalidField("workingDirectory", "The working directory must be a directory");
    // Without "--", sh takes a line that begins with a dash for its own options.
    const argv = args === undefined ? { command: "sh", args: ["-c", "--", command] } : { command, args };
    return await runProgram(environment, { kind: "shell", ...argv, workingDirectory: directory }, {
      ...context,
      env,
      ...(stdin === undefined ? {} : { stdin }),
      limits,
    });
  },
});

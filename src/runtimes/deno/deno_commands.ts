import { invalidField } from "../../core/errors.ts";
import { parseWorkspacePath } from "../../core/workspace_path.ts";
import type { CommandLine, CommandProgram, CommandSpec } from "../process/spec.ts";

/**
 * The commands `deno run FILE …` and `deno eval CODE …`. The service builds the command line itself, with the
 * permissions of the environment, so that it can hold no flag of the client's.
 */
export const DENO_COMMANDS: CommandSpec = {
  name: "deno",
  usage: '"deno run FILE" and "deno eval CODE", without flags,',
  parse: parseDenoCommand,
};

function parseDenoCommand({ args, workingDirectory }: Omit<CommandLine, "command">): CommandProgram | undefined {
  const [subcommand, subject, ...rest] = args;
  if (subcommand !== "run" && subcommand !== "eval") return undefined;
  if (subject === undefined) {
    throw invalidField("args", `"deno ${subcommand}" takes ${subcommand === "run" ? "a file" : "code"}`);
  }
  if (subcommand === "eval") return { kind: "code", code: subject, extension: "ts", args: rest };
  if (subject.startsWith("-")) return undefined;
  const path = parseWorkspacePath(subject, "args[1]");
  const isFromRoot = subject.startsWith("/") || workingDirectory === ".";
  return { kind: "file", path: isFromRoot ? path : `${workingDirectory}/${path}`, args: rest };
}

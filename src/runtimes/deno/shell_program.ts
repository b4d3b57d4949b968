import { CodeBeakerError, invalidField } from "../../core/errors.ts";
import { parseWorkspacePath } from "../../core/workspace_path.ts";
import type { Program } from "../port.ts";

/** What a command line asks of Deno. */
export type ShellProgram =
  & { readonly args: readonly string[]; readonly workingDirectory: string }
  & (
    | { readonly kind: "run"; readonly path: string }
    | { readonly kind: "eval"; readonly code: string }
    | { readonly kind: "other"; readonly command: string }
  );

/** Which command lines there are beside Deno's. */
export interface OtherCommands {
  /** Whether a layer of the operating system confines any program. */
  readonly runsOthers: boolean;
  /** The names of the runtimes that run any command line. */
  readonly elsewhere: readonly string[];
}

/**
 * `deno run FILE …` and `deno eval CODE …`: the service builds the command line itself, with the environment's own
 * permissions, so no flag of the client's can stand in it. And any other command, where those are run.
 *
 * @throws {CodeBeakerError} `permission_denied` for any other command, which names those runtimes, and for flags;
 *   `invalid_request` without a file or code
 */
export function parseShellProgram(
  { command, args, workingDirectory }: Extract<Program, { kind: "shell" }>,
  { elsewhere, runsOthers }: OtherCommands,
): ShellProgram {
  const [subcommand, subject, ...rest] = args;
  if (command !== "deno" && runsOthers) return { kind: "other", command, args, workingDirectory };
  if (command !== "deno" || (subcommand !== "run" && subcommand !== "eval")) {
    const others = elsewhere.length === 0 ? "no other runtime is known" : elsewhere.join(", ");
    throw refused(
      `${command} ${subcommand ?? ""}`.trim(),
      'only "deno run FILE" and "deno eval CODE" can be confined here on the deno runtime; ' +
        `it takes one that gives the program a file system of its own (${others})`,
    );
  }
  if (subject === undefined) {
    throw invalidField("args", `"deno ${subcommand}" takes ${subcommand === "run" ? "a file" : "code"}`);
  }
  if (subcommand === "eval") return { kind: "eval", code: subject, args: rest, workingDirectory };
  if (subject.startsWith("-")) {
    throw refused(
      subject,
      "the permissions on the deno runtime are those of the environment, and no flag changes them",
    );
  }
  const path = parseWorkspacePath(subject, "args[1]");
  const isFromRoot = subject.startsWith("/") || workingDirectory === ".";
  return { kind: "run", path: isFromRoot ? path : `${workingDirectory}/${path}`, args: rest, workingDirectory };
}

function refused(what: string, why: string): CodeBeakerError {
  return new CodeBeakerError("permission_denied", `Cannot run ${JSON.stringify(what)} as ${why}`);
}

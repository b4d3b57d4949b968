import { type Program, runProgram, startProgram, withStdin } from "./program.ts";
import type { CallOptions, Service } from "./service.ts";
import type { Command, CommandAnswer, CommandResults, ExecuteShellCommand, Execution } from "./types.ts";

/** A line for the shell or, with `args`, the name of a program. */
export type ShellCommand = Omit<ExecuteShellCommand, "type" | "id">;

/** The types of commands that change or read the workspace, and run no program. */
export type FileCommandType = Exclude<keyof CommandResults, "execute_code" | "execute_shell" | "install_packages">;

/** Commands of a sandbox: programs of its system, and operations on its workspace. */
export class Commands {
  readonly #service: Service;
  readonly #path: string;

  /** @param path the path of the session */
  constructor(service: Service, path: string) {
    this.#service = service;
    this.#path = `${path}/commands`;
  }

  /** Runs a line for the shell, or an argument vector. A command that fails is a result. Its stdin is empty. */
  async run(command: string | ShellCommand, options: CallOptions = {}): Promise<Execution> {
    return await runProgram(this.#service, this.#submission(withStdin(toShell(command))), options);
  }

  /** Starts a command, whose stdin is open unless the command names it. */
  async start(command: string | ShellCommand, options: CallOptions = {}): Promise<Program> {
    return await startProgram(this.#service, this.#submission(toShell(command)), options);
  }

  /**
   * Installs packages for the programs that start afterwards. Names may have versions. A failed install is a result.
   *
   * @throws {CodeBeakerError} `permission_denied` where the operator does not allow it
   */
  async install(packages: readonly string[], { signal, timeoutMs }: InstallOptions = {}): Promise<Execution> {
    const command = this.#submission({ type: "install_packages", packages: [...packages], timeoutMs });
    return await runProgram(this.#service, command, { signal });
  }

  /**
   * Operates on the workspace: `apply_patch`, `diff`, `copy_file`, `move_file`, `create_directory` and others.
   *
   * @throws {CodeBeakerError} what the service says of a command that could not do its work
   */
  async send<Type extends FileCommandType>(
    command: Extract<Command, { readonly type: Type | string }> & { readonly type: Type },
    { signal }: CallOptions = {},
  ): Promise<CommandResults[Type]> {
    const request = { json: command, signal, field: "success" };
    const answer = await this.#service.resource<CommandAnswer>("POST", this.#path, request);
    if ("error" in answer) throw this.#service.toError(answer.error);
    return answer.result as CommandResults[Type];
  }

  #submission(request: Command) {
    return { path: this.#path, request };
  }
}

/** How packages are installed. */
export interface InstallOptions extends CallOptions {
  /** Longest time of the installer, in ms, at most 300,000. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
}

function toShell(command: string | ShellCommand): ExecuteShellCommand {
  return { type: "execute_shell", ...(typeof command === "string" ? { command } : command) };
}

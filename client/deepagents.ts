/**
 * A sandbox for `deepagents` 1: a `BaseSandbox` whose commands and files are those of CodeBeaker.
 *
 * @module
 */
import { CodeBeakerError } from "./errors.ts";
import { endingNote, markedText } from "./printed_text.ts";
import type { Sandbox } from "./sandbox.ts";

/** Why a file could not be moved, in the words of `deepagents`. */
export type FileError = "file_not_found" | "permission_denied" | "is_directory" | "invalid_path";

/** The methods that a `BaseSandbox` lacks. */
export interface SandboxMethods {
  readonly id: string;
  execute(command: string): Promise<{ output: string; exitCode: number | null; truncated: boolean }>;
  uploadFiles(files: [string, Uint8Array][]): Promise<{ path: string; error: FileError | null }[]>;
  downloadFiles(
    paths: string[],
  ): Promise<{ path: string; content: Uint8Array | null; error: FileError | null }[]>;
}

/**
 * Makes a backend of `deepagents` from a sandbox. Its files are below `/workspace`.
 *
 * @param BaseSandbox the class of `deepagents`, of which this package has no copy
 * @param options.timeoutMs longest time of a command in ms, at most 300,000; default: the sandbox's, or 10,000
 */
export function toBackend<Backend extends object>(
  BaseSandbox: abstract new () => Backend,
  sandbox: Sandbox,
  { timeoutMs }: { readonly timeoutMs?: number | undefined } = {},
): Backend & SandboxMethods {
  const { commands, files } = sandbox;
  const methods: SandboxMethods = {
    id: sandbox.id,
    async execute(command) {
      const execution = await commands.run({ command, timeoutMs });
      const { exitCode, truncated } = execution;
      const parts = [markedText(execution, "stdout"), markedText(execution, "stderr"), endingNote(execution)];
      const output = parts.reduce((all, part) =>
        all === "" || part === "" || all.endsWith("\n") ? `${all}${part}` : `${all}\n${part}`
      );
      return { output, exitCode, truncated: truncated.stdout + truncated.stderr > 0 };
    },
    uploadFiles: (uploads) =>
      Promise.all(uploads.map(async ([path, content]) => {
        const { error } = await attempt(files.write(path, content));
        return { path, error };
      })),
    downloadFiles: (paths) =>
      Promise.all(paths.map(async (path) => {
        const { error, value } = await attempt(files.readBytes(path));
        return { path, content: value ?? null, error };
      })),
  };
  return Object.assign(Reflect.construct(BaseSandbox, []) as Backend, methods);
}

/** Waits for a transfer. A fault of the service itself is thrown. */
async function attempt<Value>(
  transfer: Promise<Value>,
): Promise<{ readonly value?: Value; readonly error: FileError | null }> {
  try {
    return { value: await transfer, error: null };
  } catch (error) {
    const reason = error instanceof CodeBeakerError ? toFileError(error) : undefined;
    if (reason === undefined) throw error;
    return { error: reason };
  }
}

function toFileError({ code, message }: CodeBeakerError): FileError | undefined {
  switch (code) {
    case "not_found":
      return "file_not_found";
    case "permission_denied":
      return "permission_denied";
    case "invalid_request":
      return message.includes("directory") ? "is_directory" : "invalid_path";
    default:
      return undefined;
  }
}

import { packTar } from "modern-tar";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { Program } from "../../port.ts";
import { toVariables } from "../engine/variables.ts";
import { BUILD_DIRECTORY, commandLine, type EnvironmentSpec } from "../images/environments.ts";
import { installLine } from "../packages/package_names.ts";
import type { Files } from "../files/pending_files.ts";
import launchScript from "./launch.sh" with { type: "text" };

/** What `launch.sh` counts an archive in. */
export const BLOCK_BYTES = 4_096;

/** Says it when an image has nothing that installs packages. */
const INSTALL = `command -v "$1" >/dev/null && exec "$@"
printf 'Cannot install packages as the image of this language has no "%s"\\n' "$1" >&2
exit 127`;

/** What makes the container's init pass a signal on to everything that the launcher started; the launcher unsets it. */
export const INIT_VARIABLES = { TINI_KILL_PROCESS_GROUP: "1" };

/** The command line of a launcher that is told on stdin what to run. */
export const LAUNCHER: readonly string[] = ["sh", "-c", launchScript, "launch"];

/** The command line of a program's launcher; `blocks` of an archive come before the program's own stdin. */
export function launcherArgv(program: Program, options: LaunchOptions): string[] {
  return [...LAUNCHER, ...launcherWords(program, options)];
}

/** What goes with one program. */
export interface LaunchOptions {
  readonly spec: EnvironmentSpec;
  /** The program's variables, beside those of its container. */
  readonly env: Readonly<Record<string, string>>;
  readonly blocks: number;
}

/**
 * What a launcher is to do, as its words. It is no variable of its own that a program's have the names of, since they
 * are set when everything else is done.
 */
export function launcherWords(program: Program, { spec, env, blocks }: LaunchOptions): string[] {
  const places = { file: fileArgument(program), output: `${BUILD_DIRECTORY}/${crypto.randomUUID()}` };
  const variables = toVariables(env);
  const around = (line: readonly string[]) =>
    variables.length === 0 || line.length === 0 ? line : ["env", ...variables, ...line];
  const words = (directory: string, run: readonly string[], compiler: readonly string[] = []) => {
    const compile = around(compiler);
    return [String(blocks), places.output, directory, String(compile.length), ...compile, ...around(run)];
  };
  if (program.kind === "file") {
    return words(WORKSPACE_ROOT, runLine(program, spec, places), commandLine(spec.compile ?? [], places));
  }
  if (program.kind === "install") {
    const line = installLine(spec.install ?? [], program.packages);
    return words(WORKSPACE_ROOT, ["sh", "-c", INSTALL, "install", ...line]);
  }
  if (program.kind === "context") return words(WORKSPACE_ROOT, interpreterLine(spec));
  const { workingDirectory } = program;
  const directory = workingDirectory === "." ? WORKSPACE_ROOT : `${WORKSPACE_ROOT}/${workingDirectory}`;
  return words(
    directory,
    program.args.length === 0 ? ["sh", "-c", program.command] : [program.command, ...program.args],
  );
}

/** The command line that runs a file, or what its compiler has made. */
export function runLine(
  program: Extract<Program, { kind: "file" }>,
  { run }: Pick<EnvironmentSpec, "run">,
  { output = "" }: { readonly output?: string } = {},
): string[] {
  return [...commandLine(run, { file: fileArgument(program), output }), ...program.args];
}

/** Whether a compiler makes the program first. */
export function isCompiled({ kind }: Program, { compile }: Pick<EnvironmentSpec, "compile">): boolean {
  return kind === "file" && compile !== undefined;
}

/** Words as a line that a shell reads as them; `launch.sh` knows what a newline is called there. */
export function lineOf(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`).replaceAll("\n", `'"$newline"'`)}'`).join(" ") + "\n";
}

/** @throws {CodeBeakerError} `unsupported_language` */
function interpreterLine({ file, interpreter }: EnvironmentSpec): readonly string[] {
  if (interpreter !== undefined) return interpreter;
  throw new CodeBeakerError(
    "unsupported_language",
    `Cannot open a context as containers have no interpreter for the language of ${file}`,
  );
}

/** A name that begins with a dash is no option. */
function fileArgument(program: Program): string {
  if (program.kind !== "file") return "";
  return program.path.startsWith("-") ? `./${program.path}` : program.path;
}

/** A tar archive in whole blocks; nothing for no files. */
export async function packArchive(
  files: Files,
): Promise<Uint8Array<ArrayBuffer>> {
  if (files.size === 0) return new Uint8Array();
  const archive = await packTar([...files].map(([name, data]) => ({
    header: { name, type: "file" as const, mode: 0o600, mtime: new Date(), size: data.length },
    body: data,
  })));
  const padded = new Uint8Array(Math.ceil(archive.length / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(archive);
  return padded;
}

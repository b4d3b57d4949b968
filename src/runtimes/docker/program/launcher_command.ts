import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { Program } from "../../port.ts";
import { toVariables } from "../engine/variables.ts";
import { BUILD_DIRECTORY, commandLine, type EnvironmentSpec } from "../images/environments.ts";
import { installLine } from "../packages/package_names.ts";
import launchScript from "./launch.sh" with { type: "text" };

/** A script that runs an installer, or prints that the image has none. */
const INSTALL = `command -v "$1" >/dev/null && exec "$@"
printf 'Cannot install packages as the image of this language has no "%s"\\n' "$1" >&2
exit 127`;

/**
 * A variable that makes the container's init signal the launcher's whole process group. The launcher unsets it for
 * programs.
 */
export const INIT_VARIABLES = { TINI_KILL_PROCESS_GROUP: "1" };

/** The command line of a launcher that reads its words from stdin. */
export const LAUNCHER: readonly string[] = ["sh", "-c", launchScript, "launch"];

/** The command line of a launcher for a program. */
export function launcherArgv(program: Program, options: LaunchOptions): string[] {
  return [...LAUNCHER, ...launcherWords(program, options)];
}

/** The parts of a command line beside the program. */
export interface LaunchOptions {
  readonly spec: EnvironmentSpec;
  /** The program's variables, beside those of its container. */
  readonly env: Readonly<Record<string, string>>;
  /** The length of the archive that precedes the program's stdin. */
  readonly blocks: number;
}

/**
 * The words for a launcher. env(1) sets the program's variables last, so that none of them changes the launcher.
 */
export function launcherWords(program: Program, { spec, env, blocks }: LaunchOptions): string[] {
  const paths = { file: fileArgument(program), output: `${BUILD_DIRECTORY}/${crypto.randomUUID()}` };
  const variables = toVariables(env);
  const withVariables = (line: readonly string[]) =>
    variables.length === 0 || line.length === 0 ? line : ["env", ...variables, ...line];
  const words = (directory: string, run: readonly string[], compiler: readonly string[] = []) => {
    const compile = withVariables(compiler);
    return [String(blocks), paths.output, directory, String(compile.length), ...compile, ...withVariables(run)];
  };
  if (program.kind === "file") {
    return words(WORKSPACE_ROOT, runLine(program, spec, paths), commandLine(spec.compile ?? [], paths));
  }
  if (program.kind === "install") {
    const line = installLine(spec.install ?? [], program.packages);
    return words(WORKSPACE_ROOT, ["sh", "-c", INSTALL, "install", ...line]);
  }
  if (program.kind === "context") return words(WORKSPACE_ROOT, interpreterLine(spec));
  const { workingDirectory } = program;
  const directory = workingDirectory === "." ? WORKSPACE_ROOT : `${WORKSPACE_ROOT}/${workingDirectory}`;
  return words(directory, [program.command, ...program.args]);
}

/** The command line that runs a file, or its compiler's output. */
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

/** Words as one line of shell; `launch.sh` defines the variable `newline`. */
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

/** The path of the file. A path that begins with a dash must not be read as an option. */
function fileArgument(program: Program): string {
  if (program.kind !== "file") return "";
  return program.path.startsWith("-") ? `./${program.path}` : program.path;
}

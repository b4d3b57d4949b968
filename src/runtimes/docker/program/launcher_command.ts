import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { Program, SharedBuild } from "../../port.ts";
import { toVariables } from "../engine/variables.ts";
import { BUILD_DIRECTORY, commandLine, type EnvironmentSpec } from "../images/environments.ts";
import { installLine } from "../packages/package_names.ts";
import launchScript from "./launch.sh" with { type: "text" };

type FileToRun = Extract<Program, { kind: "file" }>;

/** A script that runs an installer, or prints that the image has none. */
const INSTALL = `command -v "$1" >/dev/null && exec "$@"
printf 'Cannot install packages as the image of this language has no "%s": choose another runtime for the session, or ask the operator for an image that has it\\n' "$1" >&2
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
  const paths = { output: `${BUILD_DIRECTORY}/${crypto.randomUUID()}` };
  const variables = toVariables(env);
  const withVariables = (line: readonly string[]) =>
    variables.length === 0 || line.length === 0 ? line : ["env", ...variables, ...line];
  const words = (directory: string, run: readonly string[], compiler: readonly string[] = []) => {
    const compile = withVariables(compiler);
    return [String(blocks), paths.output, directory, String(compile.length), ...compile, ...withVariables(run)];
  };
  if (program.kind === "file") {
    return fileWords(program, spec, { output: paths.output, words });
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

/**
 * The words of a file's compiler and program. A shared build keeps the compiler's output in a place of its own, which the
 * launcher does not remove.
 */
function fileWords(
  program: FileToRun,
  spec: EnvironmentSpec,
  { output, words }: {
    readonly output: string;
    words(directory: string, run: readonly string[], compiler?: readonly string[]): string[];
  },
): string[] {
  const { build } = program;
  if (build?.made !== undefined) return words(WORKSPACE_ROOT, runLine(program, spec, { output: build.made.output }));
  const own = build === undefined ? output : sharedOutput(build);
  const line = compilerLine(program, spec, own);
  const compiler = build === undefined || line.length === 0
    ? line
    : ["sh", "-c", 'mkdir -- "$0" && exec "$@"', own, ...line];
  return words(WORKSPACE_ROOT, runLine(program, spec, { output: own }), compiler);
}

/** The compiler's command line; empty where there is none. */
function compilerLine(program: FileToRun, { compile = [], sources: ends = [] }: EnvironmentSpec, output: string) {
  const { compileArgs = [], path, sources = [] } = program;
  const others = sources.filter((other) => other !== path && ends.some((end) => other.endsWith(end)));
  const lists: Readonly<Record<string, readonly string[]>> = {
    "{sources}": others.map(argumentOf),
    "{compileArgs}": compileArgs,
  };
  const places = { file: fileArgument(program), output };
  const line = compile.flatMap((word) => lists[word] ?? commandLine([word], places));
  return line.length === 0 || compile.includes("{compileArgs}") ? line : [...line, ...compileArgs];
}

const sharedOutputs = new WeakMap<SharedBuild, string>();

/** The place of the output that several runs share. */
export function sharedOutput(build: SharedBuild): string {
  const known = sharedOutputs.get(build) ?? `${BUILD_DIRECTORY}/${crypto.randomUUID()}`;
  sharedOutputs.set(build, known);
  return known;
}

/** The command line that runs a file, or its compiler's output. */
export function runLine(
  program: FileToRun,
  { run }: Pick<EnvironmentSpec, "run">,
  { output = "" }: { readonly output?: string } = {},
): string[] {
  return [...commandLine(run, { file: fileArgument(program), output }), ...program.args];
}

/** Whether a compiler makes the program first. */
export function isCompiled(program: Program, { compile }: Pick<EnvironmentSpec, "compile">): boolean {
  return program.kind === "file" && compile !== undefined && program.build?.made === undefined;
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
  return program.kind === "file" ? argumentOf(program.path) : "";
}

function argumentOf(path: string): string {
  return path.startsWith("-") ? `./${path}` : path;
}

import { concatBytes } from "../../../core/bytes/bytes.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import { toVariables } from "../engine/variables.ts";
import { commandLine } from "../images/environments.ts";
import type { Files } from "../files/pending_files.ts";
import pythonHook from "./warm_python.py" with { type: "text" };
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";

/** The most files and bytes that an interpreter writes itself. For these it is faster than unpacking an archive. */
const MAX_FILES = 16;
const MAX_FILE_BYTES = 65_536;

/** Variables that Python reads at its start. */
const STARTUP_VARIABLES = /^(PYTHON|LC_|LANG|TZ)/;

/** The program for a warm interpreter, without the archive of its files. */
export interface InterpreterMessage {
  readonly env: Readonly<Record<string, string>>;
  readonly files: Files;
  /** The complete command line of the program. */
  readonly argv: readonly string[];
}

/** The container for a warm interpreter. */
export interface InterpreterPlace
  extends Pick<DockerEnvironmentOptions, "image" | "spec">, Pick<DockerInstallation, "interpreterless"> {
  /** The client's variables in the container. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * The words that make a launcher start its interpreter before its program is known. There are none for a language
 * without a warm interpreter, and where variables of the container change its start.
 *
 * @param options.nonce an unguessable part of a path
 */
export function interpreterWords(
  { image, interpreterless, spec: { env = {}, file, run, warmInterpreter }, variables }: InterpreterPlace,
  { nonce }: { readonly nonce: string },
): string[] {
  if (warmInterpreter === undefined || interpreterless.has(image) || env.PYTHONUSERBASE !== undefined) return [];
  if (Object.keys(variables).some((name) => STARTUP_VARIABLES.test(name))) return [];
  const directory = `/tmp/.hook-${nonce}`;
  const startVariables = {
    PYTHONPATH: directory,
    PYTHONUSERBASE: directory,
    CODEBEAKER_PYTHONPATH: env.PYTHONPATH ?? "",
  };
  const argv = ["env", ...toVariables(startVariables), ...commandLine(run, { file, output: "" })];
  return ["-", WORKSPACE_ROOT, `${directory}/usercustomize.py`, pythonHook, ...argv];
}

/** Whether an interpreter writes these files itself. */
export function canWriteFiles(files: Files): boolean {
  const bytes = [...files.values()].reduce((total, { length }) => total + length, 0);
  return files.size <= MAX_FILES && bytes <= MAX_FILE_BYTES && ![...files.keys()].some((path) => path.includes("/"));
}

/** Encodes a message for `warm_python.py`. */
export function encodeMessage({ argv, env, files }: InterpreterMessage): Uint8Array {
  const variables = toVariables(env);
  const encoder = new TextEncoder();
  const fields = [
    ...[String(variables.length), ...variables, String(files.size)].map((text) => encoder.encode(text)),
    ...[...files].flatMap(([path, content]) => [encoder.encode(path), content]),
    ...argv.map((word) => encoder.encode(word)),
  ];
  return concatBytes(fields.flatMap((field) => [encoder.encode(`${field.length}:`), field]));
}

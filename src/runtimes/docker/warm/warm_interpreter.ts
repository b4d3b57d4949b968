import { concatBytes } from "../../../core/bytes/bytes.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import { toVariables } from "../engine/variables.ts";
import { commandLine } from "../images/environments.ts";
import type { Files } from "../files/pending_files.ts";
import pythonHook from "./warm_python.py" with { type: "text" };
import type { DockerEnvironmentOptions, DockerInstallation } from "../environment/environment_options.ts";

/** What is put into the workspace by an interpreter itself, which costs less than unpacking: so many files and bytes. */
const MAX_FILES = 16;
const MAX_FILE_BYTES = 65_536;

/** Names of variables that Python reads when it starts. */
const FORMATIVE = /^(PYTHON|LC_|LANG|TZ)/;

/** What an interpreter that waits is told, beside its archive. */
export interface Message {
  readonly env: Readonly<Record<string, string>>;
  readonly files: Files;
  /** The whole command line of the program. */
  readonly argv: readonly string[];
}

/** Where an interpreter is to wait. */
export interface InterpreterPlace
  extends Pick<DockerEnvironmentOptions, "image" | "spec">, Pick<DockerInstallation, "interpreterless"> {
  /** A client's own variables that the container has. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * The words for a launcher whose interpreter starts before its program is there; none where the language has no such, or
 * variables that its container has decide how it starts.
 *
 * @param options.nonce part of a name that nobody guesses
 */
export function interpreterWords(
  { image, interpreterless, spec: { env = {}, file, run, warmInterpreter }, variables }: InterpreterPlace,
  { nonce }: { readonly nonce: string },
): string[] {
  if (warmInterpreter === undefined || interpreterless.has(image) || env.PYTHONUSERBASE !== undefined) return [];
  if (Object.keys(variables).some((name) => FORMATIVE.test(name))) return [];
  const directory = `/tmp/.hook-${nonce}`;
  const start = {
    PYTHONPATH: directory,
    PYTHONUSERBASE: directory,
    CODEBEAKER_PYTHONPATH: env.PYTHONPATH ?? "",
  };
  const line = ["env", ...toVariables(start), ...commandLine(run, { file, output: "" })];
  return ["-", WORKSPACE_ROOT, `${directory}/usercustomize.py`, pythonHook, ...line];
}

/** Whether an interpreter puts these files into the workspace. */
export function takesFiles(files: Files): boolean {
  const bytes = [...files.values()].reduce((total, { length }) => total + length, 0);
  return files.size <= MAX_FILES && bytes <= MAX_FILE_BYTES && ![...files.keys()].some((path) => path.includes("/"));
}

/** A message in the form that the hook reads. */
export function encodeMessage({ argv, env, files }: Message): Uint8Array {
  const variables = toVariables(env);
  const encoder = new TextEncoder();
  const fields = [
    ...[String(variables.length), ...variables, String(files.size)].map((text) => encoder.encode(text)),
    ...[...files].flatMap(([path, content]) => [encoder.encode(path), content]),
    ...argv.map((word) => encoder.encode(word)),
  ];
  return concatBytes(fields.flatMap((field) => [encoder.encode(`${field.length}:`), field]));
}

import { invalidField } from "../../../core/errors.ts";
import { isKnownLanguage, languageOfFile, mainFileOf } from "../../../core/languages.ts";
import { isObject, type JsonObject } from "../../../core/parsing/json_object.ts";
import { type LimitName, LIMITS, MEBIBYTE, type RequestedLimits } from "../../../core/limits.ts";
import { type ExecutionRequest, parseExecutionRequest } from "../../../core/requests/execution_request.ts";
import { type Asked, fromPiston, selectsVersion, unknownRuntime } from "./languages.ts";

/** A job of Piston's, as the engine runs it. */
export interface Job {
  readonly asked: Asked;
  readonly request: ExecutionRequest;
}

interface JobFile {
  readonly name?: string;
  readonly content: string;
  readonly encoding: "utf8" | "base64" | "hex";
}

/** Piston's constraints of a stage, with the limit that each means and its unit. */
const CONSTRAINTS: readonly (readonly [name: string, limit: LimitName, unit: number])[] = [
  ["timeout", "timeoutMs", 1],
  ["cpu_time", "cpuMs", 1],
  ["memory_limit", "memoryMb", MEBIBYTE],
];

/**
 * Parses a job. Its first text file is the program. The constraints of the compiler are checked and bound nothing: it
 * has the service's bounds.
 *
 * @param fixed limits that Piston has no constraint for
 * @throws {CodeBeakerError} `invalid_request`, mostly in Piston's words; other errors of {@link parseExecutionRequest}
 */
export function parseJob(body: unknown, fixed: RequestedLimits = {}): Job {
  const fields = isObject(body) ? body : {};
  const [language, version] = [textOf(fields, "language"), textOf(fields, "version")];
  const files = parseFiles(fields.files);
  if (!selectsVersion(version)) throw unknownRuntime({ language, version });
  const main = files.findIndex(({ encoding }) => encoding === "utf8");
  if (main < 0) throw invalidField("files", "files must include at least one utf8 encoded file");
  const { timeoutMs, ...limits } = parseConstraints(fields);
  const request = parseExecutionRequest({
    language: fromPiston(language),
    ...placeProgram(fromPiston(language), { files, main }),
    args: fields.args ?? [],
    stdin: withNewline(fields.stdin ?? ""),
    timeoutMs,
    limits: { ...limits, ...fixed },
  });
  return { asked: { language, version }, request };
}

/** Ends input with a newline, as Piston does. No input stays none, so that the program reads the end at once. */
function withNewline(stdin: unknown): unknown {
  return typeof stdin !== "string" || stdin === "" || stdin.endsWith("\n") ? stdin : `${stdin}\n`;
}

function textOf(fields: JsonObject, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value !== "") return value;
  throw invalidField(name, `${name} is required as a string`);
}

function parseFiles(files: unknown): JobFile[] {
  if (!Array.isArray(files)) throw invalidField("files", "files is required as an array");
  return files.map((file: unknown, index) => {
    const { content, encoding, name = "" } = isObject(file) ? file : {};
    if (typeof content !== "string") {
      throw invalidField(`files[${index}].content`, `files[${index}].content is required as a string`);
    }
    if (typeof name !== "string" && name !== null) {
      throw invalidField(`files[${index}].name`, `If specified, files[${index}].name must be a string`);
    }
    return {
      content,
      encoding: encoding === "base64" || encoding === "hex" ? encoding : "utf8",
      ...(name === "" || name === null ? {} : { name }),
    };
  });
}

/**
 * Names the files, and the one to run. A program without a name that the language knows becomes the main file; it also
 * keeps its name.
 */
function placeProgram(
  language: string,
  { files, main }: { readonly files: readonly JobFile[]; readonly main: number },
) {
  const program = files[main];
  const name = program?.name;
  const isMain = name === undefined || (isKnownLanguage(language) && name === mainFileOf(language));
  const isCopied = !isMain && isKnownLanguage(language) && languageOfFile(name) === undefined;
  return {
    ...(isMain || isCopied ? { code: program?.content } : { entrypoint: name }),
    files: files.flatMap((file, index) => index === main && isMain ? [] : [toWireFile(file, index)]),
  };
}

function toWireFile({ content, encoding, name }: JobFile, index: number) {
  const path = name ?? `file${index}.code`;
  if (encoding !== "hex") return { path, content, encoding };
  try {
    return { path, content: Uint8Array.fromHex(content).toBase64(), encoding: "base64" };
  } catch {
    throw invalidField(`files[${index}].content`, `files[${index}].content must be hex`);
  }
}

function parseConstraints(fields: JsonObject): Partial<Record<LimitName, number>> {
  const limits: Partial<Record<LimitName, number>> = {};
  for (const [constraint, limit, unit] of CONSTRAINTS) {
    for (const stage of ["compile", "run"]) {
      const name = `${stage}_${constraint}`;
      const value = fields[name];
      if (!value || (value === -1 && limit === "memoryMb")) continue; // -1 is Piston's "none of its own".
      if (typeof value !== "number") throw invalidField(name, `If specified, ${name} must be a number`);
      const [min, max] = [LIMITS[limit].min * unit, LIMITS[limit].max * unit];
      if (value > max) throw invalidField(name, `${name} cannot exceed the configured limit of ${max}`);
      if (value < 0) throw invalidField(name, `${name} must be non-negative`);
      if (stage === "compile") continue;
      if (value < min) throw invalidField(name, `${name} cannot be below the configured limit of ${min}`);
      limits[limit] = Math.ceil(value / unit);
    }
  }
  return limits;
}

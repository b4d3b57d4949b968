import { z } from "zod";
import { CodeBeakerError, invalidField } from "../../../core/errors.ts";
import { isKnownLanguage, languageOfFile, mainFileOf } from "../../../core/languages.ts";
import { COMPILER_LIMITS, LIMITS, MEBIBYTE, type RequestedLimits } from "../../../core/limits.ts";
import { formatPath } from "../../../core/parsing/validation.ts";
import { type ExecutionRequest, parseExecutionRequest } from "../../../core/requests/execution_request.ts";
import { fromPiston, selectsVersion } from "./languages.ts";

/** Limits of a job whose output is in one answer. Piston ends a program that prints more. */
export const ANSWERED_LIMITS: RequestedLimits = { maxTotalOutputBytes: LIMITS.maxOutputBytes.default };

const required = z.string("is required as a string");
/** A short name. It is quoted in messages, and the time to read a version grows with the square of its length. */
const name = required.min(1, "is required as a string").max(64, "must have at most 64 characters");

const fileSchema = z.looseObject({
  content: required,
  name: z.string("must be a string, if specified").nullish(),
  encoding: z.enum(["base64", "hex", "utf8"]).catch("utf8"), // Piston, too, takes others for text.
}, "is required as an object");

const jobSchema = z.looseObject({
  language: name,
  version: name,
  files: z.array(fileSchema, "is required as an array"),
  args: z.unknown().optional(),
  stdin: z.unknown().optional(),
  run_timeout: constraint(LIMITS.timeoutMs),
  run_cpu_time: constraint(LIMITS.cpuMs),
  run_memory_limit: constraint(LIMITS.memoryMb, MEBIBYTE),
  compile_timeout: constraint({ min: 1, max: COMPILER_LIMITS.timeoutMs }),
  compile_cpu_time: constraint({ min: 1, max: COMPILER_LIMITS.timeoutMs }),
  compile_memory_limit: constraint({ min: COMPILER_LIMITS.memoryMb, max: LIMITS.memoryMb.most }, MEBIBYTE),
}, "The body must be an object");

/** A number that sets a limit in another unit. 0 and null set none, nor does the -1 that clients send for memory. */
function constraint(range: { readonly min: number; readonly max: number; readonly most?: number }, unit = 1) {
  const [min, max] = [range.min * unit, (range.most ?? range.max) * unit];
  const isNone = (value: number) => value === 0 || (value === -1 && unit === MEBIBYTE);
  return z.number("must be a number, if specified")
    .refine((value) => value >= 0 || isNone(value), "must be non-negative")
    .refine((value) => value <= max, `cannot exceed the configured limit of ${max}`)
    .refine((value) => value >= min || value <= 0, `cannot be below the configured limit of ${min}`)
    .transform((value) => isNone(value) ? undefined : Math.ceil(value / unit)).nullish();
}

/**
 * Parses a job as a request for the engine. Its first text file is the program. A compiler has the less of its two times.
 *
 * @param fixed limits that Piston has no constraint for
 * @throws {CodeBeakerError} `invalid_request`, mostly in Piston's words; other errors of {@link parseExecutionRequest}
 */
export function parseJob(body: unknown, fixed: RequestedLimits = {}): ExecutionRequest {
  const { data: job, error } = jobSchema.safeParse(body);
  if (job === undefined) {
    const [{ path, message } = { path: [], message: "is invalid" }] = error.issues;
    throw invalidField(formatPath(path), `${formatPath(path)} ${message}`.trimStart());
  }
  if (!selectsVersion(job.version)) {
    throw new CodeBeakerError("unsupported_language", `${job.language}-${job.version} runtime is unknown`);
  }
  const language = fromPiston(job.language);
  const request = parseExecutionRequest({
    language,
    ...placeProgram(language, job.files),
    args: job.args ?? [],
    stdin: withNewline(job.stdin ?? ""),
    timeoutMs: job.run_timeout ?? undefined,
    limits: { cpuMs: job.run_cpu_time ?? undefined, memoryMb: job.run_memory_limit ?? undefined, ...fixed },
  });
  const compileMs = Math.min(job.compile_timeout ?? Infinity, job.compile_cpu_time ?? Infinity);
  return { ...request, compileMs: compileMs === Infinity ? undefined : compileMs };
}

/** Ends input with a newline, as Piston does. No input stays none, so that the program reads the end at once. */
function withNewline(stdin: unknown): unknown {
  return typeof stdin !== "string" || stdin === "" || stdin.endsWith("\n") ? stdin : `${stdin}\n`;
}

/**
 * Names the files, and the one to run. A program without a name that the language knows becomes the main file; it also
 * keeps its name.
 */
function placeProgram(language: string, files: readonly z.output<typeof fileSchema>[]) {
  const main = files.findIndex(({ encoding }) => encoding === "utf8");
  if (main < 0) throw invalidField("files", "files must include at least one utf8 encoded file");
  const { content, name } = files[main] ?? {};
  const isMain = !name || (isKnownLanguage(language) && name === mainFileOf(language));
  const isCopied = !isMain && isKnownLanguage(language) && languageOfFile(name) === undefined;
  return {
    ...(isMain || isCopied ? { code: content } : { entrypoint: name }),
    files: files.flatMap((file, index) => index === main && isMain ? [] : [toWireFile(file, index)]),
  };
}

function toWireFile({ content, encoding, name }: z.output<typeof fileSchema>, index: number) {
  const path = name || `file${index}.code`;
  if (encoding !== "hex") return { path, content, encoding };
  try {
    return { path, content: Uint8Array.fromHex(content).toBase64(), encoding: "base64" };
  } catch {
    throw invalidField(`files[${index}].content`, `files[${index}].content must be hex`);
  }
}

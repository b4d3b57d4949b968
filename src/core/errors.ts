import type { Answer } from "./answers/answer.ts";
import type { errorDetailsSchema, fieldErrorSchema } from "./answers/problem.ts";
import { ERROR_KINDS } from "./answers/vocabulary.ts";
import type { Obstacle } from "./capabilities.ts";

/** The identity of an error. {@link ERROR_KINDS} holds everything else about it. */
export type ErrorCode = keyof typeof ERROR_KINDS;

/** Whether a text is the code of an error. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_KINDS, text);
}

/** One invalid field of a request: its path, as `files[0].path`, and why. */
export type FieldError = Answer<typeof fieldErrorSchema>;

/** Facts for the caller in addition to the message. */
export type ErrorDetails = Answer<typeof errorDetailsSchema>;

/** An error as it is stored and sent, without its causes. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** The only error class of the project. It means a failing caller or a failing service, never a failing program. */
export class CodeBeakerError extends Error implements Failure {
  override readonly name = "CodeBeakerError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Makes an `invalid_request` error about one field. */
export function invalidField(path: string, message: string): CodeBeakerError {
  return new CodeBeakerError("invalid_request", message, { details: { errors: [{ path, message }] } });
}

/** Makes a `runtime_unavailable` error from the obstacle. */
export function runtimeUnavailable({ reason, ...outlook }: Obstacle, cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("runtime_unavailable", reason, { cause, details: outlook });
}

/** Whether a thrown value is an error with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is CodeBeakerError {
  return error instanceof CodeBeakerError && error.code === code;
}

/** Makes a handler of rejections. It ignores errors with these codes, and throws all others again. */
export function ignore(...codes: readonly ErrorCode[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.some((code) => hasCode(error, code))) throw error;
  };
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's name of a thrown error, as `ENOENT`. Files and sockets of Node's modules have it. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Why a program can never get its memory; undefined where it can. Both figures are in MB. */
export function memoryExcess(memoryMb: number, maxMemoryMb: number): string | undefined {
  if (memoryMb <= maxMemoryMb) return undefined;
  return `the program or its compiler needs ${memoryMb} MB of memory, and all programs together may use ${maxMemoryMb} MB`;
}

/** Makes a `too_large` error of {@link memoryExcess}. Waiting cannot help. */
export function exceedsMemory(excess: string, details: ErrorDetails = {}): CodeBeakerError {
  const remedy = "lower limits.memoryMb, or raise --memory-budget-mb";
  return new CodeBeakerError("too_large", `Cannot run this as ${excess}: ${remedy}`, { details });
}

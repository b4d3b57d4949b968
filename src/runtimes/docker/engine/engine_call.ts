import { withDeadline } from "../../../concurrency/deadline.ts";
import { CodeBeakerError, messageOf } from "../../../core/errors.ts";

/** How long the Engine may take for one answer. Waiting for a program or for a registry has no such bound. */
const ANSWER_TIMEOUT_MS = 20_000;

/**
 * Calls the Engine, and waits for its answer until a deadline.
 *
 * @param task completes "The Docker Engine cannot …"
 * @throws {CodeBeakerError} `runtime_unavailable`
 */
export async function callEngine<T>(
  task: string,
  operation: (signal: AbortSignal) => Promise<T>,
  { timeoutMs = ANSWER_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  return await callUnbounded(task, () => withDeadline(operation, { timeoutMs }));
}

/** Calls the Engine without a deadline, for calls that wait for more than the Engine. */
export async function callUnbounded<T>(task: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw engineError(task, reasonOf(cause), cause);
  }
}

/** The error for a task that the Engine did not do. */
export function engineError(task: string, reason: string, cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("runtime_unavailable", `The Docker Engine cannot ${task}: ${reason}`, { cause });
}

/** Whether an error of {@link callEngine} means that no answer came. A refusal of the Engine is an answer. */
export function isEngineLost(error: unknown): error is CodeBeakerError {
  return error instanceof CodeBeakerError && error.cause instanceof Error && httpStatusOf(error) === undefined;
}

/** The HTTP status of the Engine's refusal. */
function httpStatusOf(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "statusCode" in cause && typeof cause.statusCode === "number"
    ? cause.statusCode
    : undefined;
}

/** The Engine's answer; undefined for an object that it does not know (404). */
export async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (httpStatusOf(error) === 404) return undefined;
    throw error;
  }
}

/** A handler that drops refusals with these statuses and rethrows every other error. */
export function ignoreStatus(...statuses: number[]): (error: unknown) => void {
  return (error) => {
    if (!hasStatus(error, ...statuses)) throw error;
  };
}

/** Whether an error of {@link callEngine} is a refusal with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: number[]): error is CodeBeakerError {
  return statuses.includes(httpStatusOf(error) ?? 0);
}

/** The Engine's own message, without the words that dockerode adds. */
function reasonOf(cause: unknown): string {
  const json = cause instanceof Error && "json" in cause ? cause.json : undefined;
  const message = typeof json === "object" && json !== null && "message" in json ? json.message : undefined;
  return typeof message === "string" ? message : messageOf(cause);
}

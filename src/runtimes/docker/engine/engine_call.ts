import { withDeadline } from "../../../concurrency/deadline.ts";
import { CodeBeakerError, messageOf } from "../../../core/errors.ts";

/** How long the Engine may take for one answer. What waits for a program, or for a registry, has no such bound. */
const ANSWER_TIMEOUT_MS = 20_000;

/** Whether an error of {@link ask} or {@link call} is that nobody answered, and not that the Engine said no. */
export function isLost(error: unknown): boolean {
  return error instanceof CodeBeakerError && error.cause instanceof Error && statusOf(error) === undefined;
}

/** Asks for one answer, within the time that an Engine may take for it. */
export async function ask<T>(
  what: string,
  operation: (signal: AbortSignal) => Promise<T>,
  { timeoutMs = ANSWER_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  return await call(what, () => withDeadline(operation, { timeoutMs }));
}

/** Does something that waits for more than the Engine. */
export async function call<T>(what: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw refusal(what, answerOf(cause), cause);
  }
}

/** What the Engine did not do, and why. */
export function refusal(what: string, why: string, cause?: unknown): CodeBeakerError {
  return new CodeBeakerError("runtime_unavailable", `The Docker Engine cannot ${what}: ${why}`, { cause });
}

/** What the Engine itself said, without what dockerode puts around it. */
function answerOf(cause: unknown): string {
  const json = cause instanceof Error && "json" in cause ? cause.json : undefined;
  const said = typeof json === "object" && json !== null && "message" in json ? json.message : undefined;
  return typeof said === "string" ? said : messageOf(cause);
}

/** The HTTP status with which the Engine said no. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "statusCode" in cause && typeof cause.statusCode === "number"
    ? cause.statusCode
    : undefined;
}

/** What the Engine answers; undefined when it does not know what it is asked about. */
export async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Passes on an error unless the Engine said no with one of these. */
export function unlessStatus(...statuses: number[]): (error: unknown) => void {
  return (error) => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
  };
}

/** Variables as the Engine API takes them. */
export function toVariables(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

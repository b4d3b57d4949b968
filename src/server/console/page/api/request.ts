import type { z } from "zod";
import type { Answer } from "../../../../core/answers/answer.ts";
import type { problemSchema } from "../../../../core/answers/problem.ts";
import { storedKey } from "./key.ts";

/** An error answer of the service. */
export type Problem = Answer<typeof problemSchema>;

/** The answer of a schema. */
export type AnswerOf<Schema extends z.ZodType> = Answer<Schema>;

/** The service answered with a problem. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Options of a request; its body is sent as JSON. */
export interface RequestOptions {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Whether the request outlives the page. */
  readonly keepalive?: boolean;
  /** Whether the page sends it by itself. Once the dialog was left without a key, only others ask for one. */
  readonly isBackground?: boolean;
  /** Replaces the key of this tab. */
  readonly key?: string;
}

let askForKey: () => void = () => {};
let wasDeclined = false;

/** Sets what happens when the service asks for a key. */
export function onUnauthorized(ask: () => void): void {
  askForKey = ask;
}

/** Notes that the dialog was left without a key. */
export function declineKey(): void {
  wasDeclined = true;
}

/**
 * Sends a request with the tab's key.
 *
 * @throws {ProblemError} for an answer that is an error
 */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const { accept = "application/json", body, key = storedKey(), keepalive = false, method = "GET", signal } = options;
  const response = await fetch(path, {
    method,
    headers: {
      accept,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    cache: "no-store",
    keepalive,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok) return response;
  if (response.status === 401 && key === storedKey() && !(wasDeclined && options.isBackground === true)) askForKey();
  throw new ProblemError(await readProblem(response));
}

/** Sends a request, and reads its answer as JSON. */
export async function sendForJson<Result>(path: string, options: RequestOptions = {}): Promise<Result> {
  return await (await send(path, options)).json();
}

/** Reads the problem of an answer. A proxy's error page becomes one. */
async function readProblem(response: Response): Promise<Problem> {
  try {
    return await response.json();
  } catch {
    return problemOf("No answer", `The service answered ${response.status} ${response.statusText}`);
  }
}

/** Makes the problem of an error. One without an answer means that the service was not reached. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return problemOf("No answer", "The service cannot be reached. Check that it runs, and try again.");
}

/** Makes a problem that is none of an answer. */
export function problemOf(title: string, detail: string): Problem {
  return { type: "about:blank", title, status: 503, code: "internal", detail, requestId: "" };
}

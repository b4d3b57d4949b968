import { z } from "zod";
import type {
  ZodObjectInput,
  ZodOpenApiOperationObject,
  ZodOpenApiRequestBodyObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from "zod-openapi";
import { problemSchema } from "../../core/answers/problem.ts";
import { ERROR_KINDS } from "../../core/answers/vocabulary.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Scope } from "../../core/principal.ts";
import { problemExample } from "./problem_example.ts";
import type { Tag } from "./tags.ts";

/** One operation of the service, in the terms of its routes. */
export interface Operation {
  /** The name of the operation in clients that are generated. */
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** The scope that a key needs. Absent, any key will do. */
  readonly scope?: Scope;
  /** Whether the operation needs no key. Default: false. */
  readonly isOpen?: boolean;
  readonly path?: ZodObjectInput;
  readonly query?: ZodObjectInput;
  readonly headers?: ZodObjectInput;
  readonly body?: ZodOpenApiRequestBodyObject;
  /** The answers that are no problems, by their status. */
  readonly answers: ZodOpenApiResponsesObject;
  /** The codes of the problems that the operation has beside those of every operation. */
  readonly problems?: readonly ErrorCode[];
}

/** Problems of every operation: its key or origin, its body's length, and the service's faults. */
const OF_ALL: readonly ErrorCode[] = ["unauthorized", "permission_denied", "too_large", "internal"];
/** Problems of every operation with a body: its form, and memory for it. */
const OF_BODIES: readonly ErrorCode[] = ["invalid_request", "busy"];

/** The header of every answer. */
const requestIdHeader = z.string().meta({
  description: "The id of the request in the service's log: that of the request's X-Request-Id, else a new one",
  header: { id: "X-Request-Id" },
});

const HEADERS_OF_STATUS: Readonly<Record<number, z.ZodRawShape>> = {
  401: {
    "WWW-Authenticate": z.literal("Bearer").meta({
      description: "The scheme of authentication",
      header: { id: "WWW-Authenticate" },
    }),
  },
  429: { "Retry-After": retryAfter() },
  503: { "Retry-After": retryAfter() },
};

function retryAfter() {
  return z.int().min(0).optional().meta({
    description: "Seconds until the same request may pass; absent where waiting does not help",
  });
}

const problems = new Map<number, ZodOpenApiResponseObject>();

/** The answer of a status that problems have. Each status is one component of the document. */
function problemAnswer(status: number): ZodOpenApiResponseObject {
  const known = problems.get(status);
  if (known !== undefined) return known;
  const codes = (Object.keys(ERROR_KINDS) as ErrorCode[]).filter((code) => ERROR_KINDS[code].status === status);
  const examples = codes.map((code) => [code, { value: problemExample(code) }]);
  const added: ZodOpenApiResponseObject = {
    id: `Problem${status}`,
    description: codes.map((code) => `${ERROR_KINDS[code].title} (\`${code}\`)`).join(" or "),
    headers: z.object({ "X-Request-Id": requestIdHeader, ...HEADERS_OF_STATUS[status] }),
    content: { "application/problem+json": { schema: problemSchema, examples: Object.fromEntries(examples) } },
  };
  problems.set(status, added);
  return added;
}

/** Describes an operation: its parameters, its body, and every answer that it has. */
export function describeOperation(operation: Operation): ZodOpenApiOperationObject {
  const { id, tag, summary, description, scope, isOpen = false, path, query, headers, body } = operation;
  const codes = [
    ...OF_ALL,
    ...(body === undefined ? [] : OF_BODIES),
    ...(isOpen ? [] : ["invalid_request"] as const),
    ...operation.problems ?? [],
  ];
  const statuses = [...new Set(codes.map((code) => ERROR_KINDS[code].status))].toSorted();
  const keyed = scope === undefined ? [] : [scope];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: isOpen ? [] : [{ bearer: keyed }, { apiKey: keyed }, {}],
    requestParams: {
      ...(path === undefined ? {} : { path }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { header: headers }),
    },
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      ...operation.answers,
      ...Object.fromEntries(
        statuses.filter((status) => !(status in operation.answers)).map((status) => [status, problemAnswer(status)]),
      ),
    },
  };
}

/** An answer without a problem, and its headers beside the one of every answer. */
export function answer(
  description: string,
  { headers = {}, ...rest }: Omit<ZodOpenApiResponseObject, "description" | "headers"> & {
    readonly headers?: z.ZodRawShape;
  } = {},
): ZodOpenApiResponseObject {
  return { description, headers: z.object({ "X-Request-Id": requestIdHeader, ...headers }), ...rest };
}

/** An answer of JSON. */
export function jsonAnswer(
  description: string,
  { schema, example, headers = {} }: {
    readonly schema: z.ZodType;
    readonly example?: unknown;
    readonly headers?: z.ZodRawShape;
  },
): ZodOpenApiResponseObject {
  return answer(description, {
    headers,
    content: { "application/json": { schema, ...(example === undefined ? {} : { example }) } },
  });
}

/** The body of a request, as JSON. An empty one counts as `{}`. */
export function jsonBody(
  schema: z.ZodType,
  examples: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>,
  { required = true }: { readonly required?: boolean } = {},
): ZodOpenApiRequestBodyObject {
  return { required, content: { "application/json": { schema, examples: { ...examples } } } };
}

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from "zod-openapi";
import { z } from "zod";
import { COMMANDS } from "../../src/commands/mod.ts";
import { COMMAND_RESULTS } from "../../src/core/answers/commands.ts";
import { EXECUTION_EVENTS } from "../../src/core/answers/execution_report.ts";
import { problemSchema } from "../../src/core/answers/problem.ts";
import { createOpenApiDocument } from "../../src/server/openapi/document.ts";
import { PATHS } from "../../src/server/openapi/paths/mod.ts";

/** The methods that the document describes. */
export const METHODS = ["get", "head", "put", "post", "patch", "delete"] as const;

/** Routes of other protocols, which have descriptions of their own: where they begin, and the protocol. */
const OTHER_PROTOCOLS: readonly (readonly [begin: string, protocol: string])[] = [
  ["/ws/jsonrpc", "JSON-RPC 2.0 over a WebSocket"],
  ["/mcp", "the Model Context Protocol"],
  ["/api/v2", "Piston's API"],
  ["/v1/exec", "codapi's API"],
  ["/exec", "LibreChat's Code API"],
  ["/e2b", "E2B's APIs"],
  ["/api/kernels", "Jupyter's API"],
  ["/api/kernelspecs", "Jupyter's API"],
  ["/api/sessions", "Jupyter's API"],
];

/** Whether a path belongs to another protocol. */
export function isOfOtherProtocol(path: string): boolean {
  return path === "/api" || OTHER_PROTOCOLS.some(([begin]) => path === begin || path.startsWith(`${begin}/`));
}

/** Paths of the document as expressions; only a file's own path has slashes. */
const EXPRESSIONS = Object.keys(PATHS).map((path) => ({
  path,
  expression: new RegExp(
    `^${path.replaceAll(".", "\\.").replace(/\{path\}$/, "[^]+").replaceAll(/\{\w+\}/g, "[^/]+")}$`,
  ),
}));

/** The document as its readers have it, its operations by their ids, and the validators of its schemas. */
const DOCUMENT = JSON.parse(JSON.stringify(createOpenApiDocument()));
const OPERATIONS = new Map(
  Object.values<object>(DOCUMENT.paths).flatMap((item) => Object.values(item)).map((one) => [one.operationId, one]),
);
const READER = new Ajv2020({ strict: false, validateFormats: false });
const validators = new Map<object, ValidateFunction>();

/** A request to a service, as far as its answer depends on it. */
export interface AskedRequest {
  readonly method: string;
  /** With or without a query. */
  readonly path: string;
  readonly body?: unknown;
}

/** `fetch` for a service; an answer that its document does not describe fails the test. */
export async function documentedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  const { pathname } = new URL(url);
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const isText = /^(application|text)\/(problem\+)?(json|plain|html)\b/.test(
    response.headers.get("content-type") ?? "",
  );
  const text = isText && !isStream ? await response.clone().text() : undefined;
  checkAnswer({ method: init.method ?? "GET", path: pathname, body: init.body }, response, text);
  return response;
}

/**
 * Checks an answer: the document knows its status, its type and its headers, and its body has the form of the schema.
 *
 * @param text the body of an answer that is text; absent, it is not looked at
 */
export function checkAnswer(request: AskedRequest, response: Response, text: string | undefined): void {
  const { headers, status } = response;
  const path = request.path.replace(/\?.*$/s, "");
  if (isOfOtherProtocol(path)) return;
  const what = `${request.method} ${path} answered ${status}`;
  const isEmpty = response.body === null || headers.get("content-length") === "0";
  const type = isEmpty ? undefined : headers.get("content-type")?.replace(/;.*$/, "");
  const operation = findOperation(request.method, path);
  const body = type?.endsWith("json") && text !== undefined && text !== "" ? JSON.parse(text) : undefined;
  if (operation === undefined) return check(problemSchema, body, `${what}, without a route`);
  const described = Object.entries(operation.responses).find(([known]) => known === String(status))?.[1];
  if (described === undefined) throw new Error(`The document does not say that ${what}: ${text}`);
  const answer = described as ZodOpenApiResponseObject;
  checkHeaders(headers, answer.headers, what);
  const { content = {} } = answer;
  const types = Object.keys(content);
  if (type !== undefined && !types.includes(type)) {
    throw new Error(`${what} as ${type}, and not as ${types.join(" or ")}`);
  }
  const schema = type === undefined ? undefined : content[type]?.schema;
  if (body === undefined || !(schema instanceof z.ZodType)) return;
  check(schema, body, what);
  const { [status]: found } = OPERATIONS.get(operation.operationId).responses;
  const published = found.$ref === undefined ? found : DOCUMENT.components.responses[found.$ref.split("/").at(-1)];
  checkPublished(published.content[type ?? ""].schema, body, what);
  if (path.endsWith("/commands") && "result" in body) checkResult(request.body, body, what);
}

/** Checks the data of a server-sent event by its name; other protocols have other names. */
export function checkEvent(event: string, data: unknown): void {
  const schema = Object.entries(EXECUTION_EVENTS).find(([name]) => name === event)?.[1];
  if (schema === undefined) return;
  check(schema, data, `The event ${event}`);
  checkPublished(DOCUMENT.components.schemas.ExecutionEvent, { event, id: "1", data }, `The event ${event}`);
}

function findOperation(method: string, path: string): ZodOpenApiOperationObject | undefined {
  const found = EXPRESSIONS.find(({ expression }) => expression.test(path));
  const item = PATHS[found?.path ?? ""];
  const name = METHODS.find((known) => known === method.toLowerCase());
  return name === undefined ? undefined : item?.[name] ?? (name === "head" ? item?.get : undefined);
}

function checkHeaders(headers: Headers, described: unknown, what: string): void {
  if (!(described instanceof z.ZodObject)) return;
  for (const [name, schema] of Object.entries<z.ZodType>(described.shape)) {
    const value = headers.get(name) ?? undefined;
    const isRight = schema.safeParse(value).success || schema.safeParse(Number(value)).success;
    if (!isRight) throw new Error(`${what} with ${name}: ${value}`);
  }
}

/** Checks that the result of a command has the form of its own type. */
function checkResult(sent: unknown, { result }: { readonly result: unknown }, what: string): void {
  if (typeof sent !== "string") return;
  const { type } = JSON.parse(sent);
  const command = COMMANDS.find((known) => known.type === type || known.aliases.includes(type));
  const schema = Object.entries(COMMAND_RESULTS).find(([name]) => name === command?.type)?.[1];
  if (schema === undefined) throw new Error(`${what} to a command ${type} that is unknown`);
  check(schema, result, `${what} to ${type}`);
}

function check(schema: z.ZodType, value: unknown, what: string): void {
  const { error } = schema.safeParse(value);
  if (error !== undefined) throw new Error(`${what} with ${JSON.stringify(value)}:\n${z.prettifyError(error)}`);
}

/** Checks a value as a reader of the document does, by JSON Schema alone. */
function checkPublished(schema: object, value: unknown, what: string): void {
  const validate = validators.getOrInsertComputed(
    schema,
    () => READER.compile({ ...schema, components: DOCUMENT.components }), // Its references begin there.
  );
  if (!validate(value)) throw new Error(`${what} beside the document: ${READER.errorsText(validate.errors)}`);
}

import { isObject } from "../../core/parsing/json_object.ts";
import { ERROR_KINDS } from "../../core/answers/vocabulary.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { parseJson } from "../../core/parsing/parse_json.ts";
import { type Problem, toProblem } from "../http/problem.ts";

/** The id that relates an answer to its request (JSON-RPC 2.0, section 4). */
export type RpcId = string | number | null;

/** A request, or a notification where it has no id. */
export interface RpcRequest {
  readonly method: string;
  readonly params: unknown;
  readonly id: RpcId | undefined;
}

/** An error object of JSON-RPC 2.0 (section 5.1). */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: Problem;
}

/** The result or error of a request. */
export type RpcReply = { readonly result: unknown } | { readonly error: RpcError };

/** A response of JSON-RPC 2.0 (section 5). */
export type RpcAnswer = RpcReply & { readonly jsonrpc: "2.0"; readonly id: RpcId };

/** A parsed request, or the error of a text that is no request. */
export type ReadRequest = RpcRequest | { readonly id: RpcId; readonly error: RpcError };

/** The codes of JSON-RPC 2.0 for messages that are no valid request. */
const PROTOCOL_CODES = { parse_error: -32700, invalid_message: -32600, unknown_method: -32601 };

/** Translates an error to its JSON-RPC code and the problem that HTTP would answer. */
export function toRpcError(error: unknown, requestId: string): RpcError {
  const data = toProblem(error, requestId);
  return { code: ERROR_KINDS[data.code].jsonRpc, message: data.detail, data };
}

/** Creates an error that has its own JSON-RPC code. */
export function protocolError(
  kind: keyof typeof PROTOCOL_CODES,
  { message, requestId }: { readonly message: string; readonly requestId: string },
): RpcError {
  const error = new CodeBeakerError(kind === "unknown_method" ? "not_found" : "invalid_request", message);
  return { ...toRpcError(error, requestId), code: PROTOCOL_CODES[kind] };
}

/**
 * Parses a message into its requests, in order. A message without valid requests becomes one error.
 *
 * The package json-rpc-2.0 is not used: it answers a batch of one without its list (against section 6), treats a `null`
 * in a batch as an internal error, and does not bound batches.
 */
export function readMessage(
  text: string,
  { maxRequests, requestId }: { readonly maxRequests: number; readonly requestId: string },
): ReadRequest | ReadRequest[] {
  let message: unknown;
  try {
    message = parseJson(text, { what: "the message" });
  } catch (error) {
    if (error instanceof CodeBeakerError) return { id: null, error: toRpcError(error, requestId) };
    const why = `Cannot read the message as it must be JSON: ${messageOf(error).slice(0, 200)}`;
    return { id: null, error: protocolError("parse_error", { message: why, requestId }) };
  }
  if (!Array.isArray(message)) return readRequest(message, requestId);
  if (message.length > 0 && message.length <= maxRequests) return message.map((item) => readRequest(item, requestId));
  const why = `Cannot take the batch as it must hold 1 to ${maxRequests} requests: current value is ${message.length}`;
  return { id: null, error: protocolError("invalid_message", { message: why, requestId }) };
}

/** The response to a request. */
export function toAnswer(id: RpcId, reply: RpcReply): RpcAnswer {
  return { jsonrpc: "2.0", id, ...reply };
}

function readRequest(value: unknown, requestId: string): ReadRequest {
  const fault = faultOf(value);
  if (fault === undefined) {
    const { method, params, id } = value as RpcRequest;
    return { method, params, id };
  }
  const id = isObject(value) && isId(value["id"]) ? value["id"] : null;
  return {
    id,
    error: protocolError("invalid_message", { message: `Cannot take this as a request as ${fault}`, requestId }),
  };
}

function faultOf(value: unknown): string | undefined {
  if (!isObject(value)) return "it must be an object";
  if (value["jsonrpc"] !== "2.0") return '"jsonrpc" must be "2.0"';
  if (typeof value["method"] !== "string") return '"method" must be a string';
  if (value["id"] !== undefined && !isId(value["id"])) return '"id" must be a string, a number or null';
  const { params } = value;
  if (params !== undefined && (typeof params !== "object")) return '"params" must be an object or an array';
  return undefined;
}

function isId(value: unknown): value is RpcId {
  return typeof value === "string" || value === null || (typeof value === "number" && Number.isFinite(value));
}

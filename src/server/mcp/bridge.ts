import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  Server,
} from "@modelcontextprotocol/server";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { CAPABILITIES, INSTRUCTIONS, SERVER_INFO } from "./server.ts";

/** The revision that the bridge speaks with the service. It has no protocol sessions, which could end meanwhile. */
const REVISION = "2026-07-28";

/** One message for a service. */
export interface ServiceMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Aborted when the client cancels its request. */
  readonly signal: AbortSignal;
}

/**
 * Posts a message to the service.
 *
 * @throws {CodeBeakerError} the service's own error, or `runtime_unavailable` where no service answers
 */
export type SendToService = (message: ServiceMessage) => Promise<Response>;

/** A request of the client, as the server's fallback gets it. */
interface ForwardedRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** The client that waits for an answer. */
interface WaitingClient {
  readonly mcpReq: {
    readonly signal: AbortSignal;
    notify(notification: { method: "notifications/progress"; params: Record<string, unknown> }): Promise<void>;
  };
}

/** Creates a server that passes each request on to a service. The service may be of another version. */
export function createBridge(send: SendToService): Server {
  const server = new Server(SERVER_INFO, { capabilities: CAPABILITIES, instructions: INSTRUCTIONS });
  server.fallbackRequestHandler = async ({ method, params }, client) => {
    try {
      return await forward({ method, params }, { client, send });
    } catch (error) {
      throw error instanceof CodeBeakerError
        ? new ProtocolError(ProtocolErrorCode.InternalError, error.message)
        : error;
    }
  };
  return server;
}

async function forward(
  { method, params = {} }: ForwardedRequest,
  { client, send }: { readonly client: WaitingClient; readonly send: SendToService },
): Promise<Record<string, unknown>> {
  const { notify, signal } = client.mcpReq;
  const name = params["name"] ?? params["uri"];
  const response = await send({
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": REVISION,
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": encodeHeader(name) } : {}),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: toMeta(params["_meta"]) } }),
    signal,
  });
  for await (const message of messagesOf(response)) {
    if (message["method"] === "notifications/progress") {
      await notify({ method: "notifications/progress", params: toRecord(message["params"]) });
    } else if (message["id"] !== undefined) {
      return resultOf(message);
    }
  }
  throw new CodeBeakerError("internal", "Cannot answer this request as the service ended its answer early");
}

/** The result of an answer. The revision's own field is left out: the client may speak another. */
function resultOf({ error, result }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (error === undefined) {
    const { resultType: _, ...fields } = toRecord(result);
    return fields;
  }
  const { code, message, data } = toRecord(error);
  throw new ProtocolError(typeof code === "number" ? code : ProtocolErrorCode.InternalError, String(message), data);
}

/** The messages of an answer: of its stream, or the only one. */
async function* messagesOf(response: Response): AsyncGenerator<Record<string, unknown>> {
  if (response.body === null) return;
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    yield toRecord(parse(await response.text()));
    return;
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) yield toRecord(parse(data));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `Cannot read the answer as it is not one of CodeBeaker (${messageOf(cause)}): check --url`;
    throw new CodeBeakerError("internal", message, { cause });
  }
}

/** The client's own metadata, such as its progress token, with what the revision asks for. */
function toMeta(meta: unknown): Record<string, unknown> {
  return {
    ...toRecord(meta),
    [PROTOCOL_VERSION_META_KEY]: REVISION,
    [CLIENT_INFO_META_KEY]: SERVER_INFO,
    [CLIENT_CAPABILITIES_META_KEY]: {},
  };
}

/** Encodes a header's value as the revision does where it is no visible ASCII. */
function encodeHeader(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text) && !text.startsWith("=?")) return text;
  return `=?base64?${new TextEncoder().encode(text).toBase64()}?=`;
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

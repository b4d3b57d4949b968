/** One message that a test posts, as a client of each era writes it. */
export interface Posted {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_HEADERS = { "content-type": "application/json", "accept": "application/json, text/event-stream" };
const MODERN = "2026-07-28";

/** A message of a client of the revision 2026-07-28. */
export function modern(method: string, params: Readonly<Record<string, unknown>>): Posted {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": { name: "tests", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const { name, uri } = params;
  const named = name ?? uri;
  return {
    headers: {
      ...JSON_HEADERS,
      "mcp-protocol-version": MODERN,
      "mcp-method": method,
      ...(typeof named === "string" ? { "mcp-name": named } : {}),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  };
}

/** A message of a client that has a protocol session, or none yet. */
export function legacy(method: string, params: Readonly<Record<string, unknown>>, session?: string): Posted {
  const headers = { ...JSON_HEADERS, ...(session === undefined ? {} : { "mcp-session-id": session }) };
  return { headers, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) };
}

/** Opens a protocol session, and returns its id. */
export async function initialize(url: URL, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await initializing(url, headers);
  await response.body?.cancel();
  return response.headers.get("mcp-session-id") ?? "";
}

/** Asks for a protocol session. */
export function initializing(url: URL, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const clientInfo = { name: "tests", version: "1.0.0" };
  return post(url, legacy("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo }), headers);
}

/** Posts a message. */
export function post(
  url: URL,
  { headers, body }: Posted,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, { method: "POST", headers: { ...headers, ...more }, body });
}

/** The message of an answer, which is JSON or the only event of a stream. */
// deno-lint-ignore no-explicit-any
export async function messageOf(response: Response): Promise<any> {
  const text = await response.text();
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
}

/** Posts a message on a connection of its own, which the test closes. Its body comes in a piece of its own. */
export async function connectAndPost(url: URL, { headers, body }: Posted): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  const lines = Object.entries({
    host: url.host,
    "content-length": String(new TextEncoder().encode(body).length),
    ...headers,
  })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  await connection.write(new TextEncoder().encode(`POST ${url.pathname} HTTP/1.1\r\n${lines.join("")}\r\n`));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(body));
  writer.releaseLock();
  return connection;
}

/** Reads a connection until a text has come. */
export async function readUntil(connection: Deno.TcpConn, text: string): Promise<void> {
  const buffer = new Uint8Array(1_024);
  for (let read = ""; !read.includes(text);) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error(`The connection ended after ${read}`);
    read = read.slice(-text.length) + new TextDecoder().decode(buffer.subarray(0, count));
  }
}

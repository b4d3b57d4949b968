import { Client as Client2, StreamableHTTPClientTransport as Http2 } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const INFO = { name: "tests", version: "1.0.0" };

/** The result of a tool, as every client gives it. */
export interface CallResult {
  // deno-lint-ignore no-explicit-any
  readonly content: readonly any[];
  // deno-lint-ignore no-explicit-any
  readonly structuredContent?: any;
  readonly isError?: boolean;
  // deno-lint-ignore no-explicit-any
  readonly _meta?: any;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  onprogress?(progress: { readonly progress: number; readonly message?: string | undefined }): void;
}

/** An unmodified client, of whichever version. */
export interface McpClient extends AsyncDisposable {
  /** The revision of the protocol that it speaks with the server. */
  readonly revision: string | undefined;
  call(name: string, args: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<CallResult>;
  readonly sdk: Client2;
}

/** Connects a client to a server. */
export type Connect = (url: URL, headers?: Readonly<Record<string, string>>) => Promise<McpClient>;

async function connectOne(url: URL, headers: Readonly<Record<string, string>> = {}): Promise<McpClient> {
  const client = new Client1(INFO);
  const transport = new Http1(url, { requestInit: { headers } });
  await client.connect(transport);
  return {
    revision: transport.protocolVersion,
    sdk: client as unknown as Client2, // Its methods have the same names and forms.
    call: async (name, args, options = {}) =>
      await client.callTool({ name, arguments: args }, undefined, options) as CallResult,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function connectTwo(mode: "legacy" | "auto"): Connect {
  return async (url, headers = {}) => {
    const client = new Client2(INFO, { versionNegotiation: { mode } });
    await client.connect(new Http2(url, { requestInit: { headers } }));
    return toMcpClient(client);
  };
}

/** A command that speaks the protocol on its stdin and stdout. */
export interface StdioCommand {
  /** The program; absent, this Deno. */
  readonly command?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Starts a command, and connects a client of either era to it. Disposing ends the command. */
export async function connectStdio(
  { command = Deno.execPath(), args, env, cwd }: StdioCommand,
  mode: "legacy" | "auto",
): Promise<McpClient> {
  const client = new Client2(INFO, { versionNegotiation: { mode } });
  await client.connect(
    new StdioClientTransport({ command, args: [...args], env: { ...env }, cwd, stderr: "ignore" }),
  );
  return toMcpClient(client);
}

function toMcpClient(client: Client2): McpClient {
  return {
    revision: client.getNegotiatedProtocolVersion(),
    sdk: client,
    call: async (name, args, options = {}) => await client.callTool({ name, arguments: args }, options) as CallResult,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Every client, and the revision that it comes to speak. */
export const CLIENTS: readonly { readonly name: string; readonly revision: string; readonly connect: Connect }[] = [
  { name: "SDK 1", revision: "2025-11-25", connect: connectOne },
  { name: "SDK 2, with protocol sessions", revision: "2025-11-25", connect: connectTwo("legacy") },
  { name: "SDK 2", revision: "2026-07-28", connect: connectTwo("auto") },
];

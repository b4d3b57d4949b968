const BASE = Deno.env.get("CODEBEAKER_URL") ?? "http://127.0.0.1:8000";
const KEY = Deno.env.get("CODEBEAKER_KEY");

/** The part of an execution that the examples read. */
export interface Execution {
  readonly outcome: { readonly kind: string; readonly exitCode?: number };
  readonly stdout: string;
  readonly stderr: string;
  readonly denials: readonly { readonly kind: string; readonly target: string; readonly rule: string }[];
}

/** Sends a request to the service at `CODEBEAKER_URL`, with the key of `CODEBEAKER_KEY`. @throws {Error} its problem's text */
export async function send(method: string, path: string, options: SendOptions = {}): Promise<Response> {
  const response = await fetch(`${BASE}${path}`, {
    method,
    headers: { ...options.headers, ...(KEY === undefined ? {} : { authorization: `Bearer ${KEY}` }) },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (!response.ok) throw new Error((await response.json()).detail);
  return response;
}

/** What {@link send} sends. */
export interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Posts JSON, and reads the JSON of the answer. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  return await (await send("POST", path, { body })).json();
}

import { documentedFetch } from "./documented.ts";

/** What a service answered. */
export interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

/** Asks a service at a URL; what is posted is sent as JSON. */
export async function ask(
  { url }: { readonly url: string },
  path: string,
  body?: unknown,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Answer> {
  const response = await documentedFetch(`${url}${path}`, {
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    ...options,
  });
  return { status: response.status, body: await response.json() };
}

/** A runtime as the service describes it. */
export async function describe(service: { readonly url: string }, name: string) {
  const { body } = await ask(service, "/v1/runtimes");
  return body.runtimes.find((runtime: { name: string }) => runtime.name === name);
}

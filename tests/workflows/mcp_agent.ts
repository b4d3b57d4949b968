import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CallResult, McpClient } from "../server/mcp/clients.ts";
import { ApiClient } from "../support/api_client.ts";
import { mergePatch } from "../support/merge_patch.ts";
import { until } from "../support/until.ts";

const GREETS = 'console.log(Deno.env.get("GREETING") ?? "nobody");';
const SLEEPS = "Deno.writeTextFileSync('begun', ''); console.log('begun'); setInterval(() => {}, 1_000);";
const FREE = { language: "typescript", code: "console.log('free');" };

/** What an agent does, with whichever client. */
export async function work(client: McpClient): Promise<void> {
  const call = async (name: string, args: Readonly<Record<string, unknown>>) => await client.call(name, args);

  // A denial names the call that is allowed, and that call is.
  const greeting = { language: "typescript", code: GREETS };
  const denied = await call("run_code", greeting);
  assertStringIncludes(textOf(denied), "Denied: env GREETING");
  const [{ remedy }] = denied.structuredContent.denials;
  const allowed = await call("run_code", mergePatch(greeting, remedy) as Record<string, unknown>);
  assertEquals([allowed.structuredContent.denials, textOf(allowed)], [[], "nobody"]);

  // Files stay in a session, and are resources.
  const written = await call("write_file", { language: "typescript", path: "in/data.csv", content: "a,b\n1,2\n" });
  const { session } = written.structuredContent;
  const code =
    'const text = await Deno.readTextFile("in/data.csv"); await Deno.writeTextFile("out.txt", text.toUpperCase());';
  const ran = await call("run_code", { session, code, outputs: ["out.txt"] });
  assertEquals(ran.content[1].resource.text, "A,B\n1,2\n");
  assertEquals(
    (await call("list_files", { session, pattern: "*.txt" })).structuredContent.files.map(pathOf),
    ["out.txt"],
  );
  const counted = await call("run_command", { session, command: "cat in/data.csv out.txt | wc -l" });
  assertEquals(counted.structuredContent.stdout.trim(), "4");
  assertEquals((await call("read_file", { session, path: "out.txt" })).structuredContent.text, "A,B\n1,2\n");
  const { contents: [content] } = await client.sdk.readResource({ uri: ran.content[1].resource.uri });
  assertEquals(content, { uri: ran.content[1].resource.uri, mimeType: "text/plain", text: "A,B\n1,2\n" });
  const { resources } = await client.sdk.listResources();
  assert(resources.some(({ name }) => name === session));
  const { completion } = await client.sdk.complete({
    ref: { type: "ref/resource", uri: "codebeaker://sessions/{session}/files/{+path}" },
    argument: { name: "session", value: session.slice(0, 12) },
  });
  assert(completion.values.includes(session));

  // A cell's variables stay.
  await call("run_code", { session, cell: true, code: "const n = 41" });
  assertEquals((await call("run_code", { session, cell: true, code: "n + 1" })).structuredContent.value, "42");

  // What is refused is a result.
  const outside = await call("read_file", { session, path: "../../etc/passwd" });
  assertEquals([outside.isError, outside._meta["codebeaker/problem"].code], [true, "permission_denied"]);
}

/** Cancels a call while its program runs, one without progress and one with it; each program ends with its call. */
export async function cancelCalls(client: McpClient, service?: { readonly url: string }): Promise<void> {
  const { structuredContent: { session } } = await client.call("run_code", { ...FREE, session: "new" });
  for (const withProgress of [false, true]) {
    const cancel = new AbortController();
    const running = client.call("run_code", { session, code: SLEEPS, timeoutMs: 300_000 }, {
      signal: cancel.signal,
      ...(withProgress && { onprogress: ({ message }) => message === "begun" && cancel.abort() }),
    }).catch((error: unknown) => error);
    if (!withProgress) {
      const begun = async () =>
        (await client.call("list_files", { session, pattern: "begun" })).structuredContent.files;
      await until(async () => (await begun()).length === 1, "the program runs");
      cancel.abort();
    }
    assert(await running instanceof Error);
    // A session runs one program at a time: the next one runs when the cancelled one has ended.
    assertEquals((await client.call("run_code", { ...FREE, session })).structuredContent.stdout, "free\n");
  }
  if (service === undefined) return;
  const { executions } = await new ApiClient(service).json("GET", "/v1/executions?limit=4");
  const kinds = executions.map(({ outcome }: { readonly outcome: { readonly kind: string } }) => outcome.kind);
  assertEquals(kinds, ["exited", "cancelled", "exited", "cancelled"]);
}

function textOf({ content }: CallResult): string {
  return content[0].text;
}

function pathOf({ path }: { readonly path: string }): string {
  return path;
}

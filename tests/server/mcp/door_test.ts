import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { SubmitOptions } from "../../../src/engine/port.ts";
import { fakeExecution, submitted } from "../../support/fake_ports.ts";
import { until } from "../../support/until.ts";
import { CLIENTS } from "./clients.ts";
import { Door } from "./door.ts";
import { initialize, legacy, messageOf, post } from "./raw.ts";

/** An engine whose program runs until it is cancelled. */
function endless() {
  const seen = { begun: 0, cancelled: 0 };
  return {
    seen,
    submit: (_caller: unknown, _request: unknown, options: SubmitOptions = {}) =>
      Promise.resolve(submitted(options, async (print) => {
        seen.begun++;
        await print("first line\nlast line\n");
        await new Promise<void>((resolve) => options.signal?.addEventListener("abort", () => resolve()));
        seen.cancelled++;
      })),
  };
}

/** Begins a call in a protocol session of its own. */
async function beginCall(url: URL) {
  const session = await initialize(url);
  const params = { name: "run_code", arguments: { language: "ts", code: "1" } };
  const stream = await post(url, legacy("tools/call", params, session));
  return { headers: legacy("", {}, session).headers, session, stream };
}

/** Cancels the call of {@link beginCall}. */
const CANCELLED = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };

Deno.test("[2025-11-25] a call that is cancelled inside a batch is answered", async () => {
  const { seen, submit } = endless();
  await using door = new Door({ engine: { submit } });
  const { headers, stream } = await beginCall(door.url);
  await until(() => seen.begun === 1, "the program begins");
  const response = await post(door.url, { headers, body: JSON.stringify([CANCELLED]) });
  await response.body?.cancel();
  assertEquals((await messageOf(stream)).error.message, "Cancelled");
  await until(() => seen.cancelled === 1, "the program is cancelled");
});

Deno.test("[2025-11-25] a cancelled call's stream ends, and its session goes on", async () => {
  const { seen, submit } = endless();
  await using door = new Door({ engine: { submit } });
  const { headers, session, stream } = await beginCall(door.url);
  await until(() => seen.begun === 1, "the program begins");
  const accepted = await post(door.url, { headers, body: JSON.stringify(CANCELLED) });
  assertEquals([accepted.status, await accepted.text()], [202, ""]);
  assertEquals(await stream.text(), ""); // It would wait for ever.
  assertEquals(seen.cancelled, 1);
  const listed = await messageOf(await post(door.url, legacy("tools/list", {}, session)));
  assertEquals(listed.result.tools.length, 6);
});

Deno.test("[2025-11-25] a message with the id of one that is not answered yet is refused", async () => {
  const { seen, submit } = endless();
  await using door = new Door({ engine: { submit } });
  const { headers, session, stream } = await beginCall(door.url);
  await until(() => seen.begun === 1, "the program begins");
  const ping = legacy("ping", {}, session);
  const second = await post(door.url, ping);
  assertEquals([second.status, (await second.json()).error.data.code], [400, "invalid_request"]);
  const twice = await post(door.url, { headers, body: `[${ping.body.replaceAll('"id":1', '"id":2')},${ping.body}]` });
  assertEquals([twice.status, (await twice.json()).error.data.code], [400, "invalid_request"]);
  await (await post(door.url, { headers, body: JSON.stringify(CANCELLED) })).body?.cancel();
  await stream.text(); // It ends, as the second message has not taken its place.
  const again = await post(door.url, { headers, body: `[${ping.body.replaceAll('"id":1', '"id":2')},${ping.body}]` });
  assertEquals([again.status, (await again.text()).match(/"id":\d/g)], [200, ['"id":2', '"id":1']]);
});

for (const { name, revision, connect } of CLIENTS) {
  Deno.test(`[${name}] lists the tools, and calls one`, async () => {
    const asked: unknown[] = [];
    await using door = new Door({
      engine: {
        submit(caller, request, options) {
          asked.push(caller.principal.tenant, request.language, new TextDecoder().decode(request.code));
          return Promise.resolve({
            ...submitted(options ?? {}),
            ended: Promise.resolve(fakeExecution({ stdout: "42\n" })),
          });
        },
      },
    });
    await using client = await connect(door.url);
    assertEquals(client.revision, revision);
    const { tools } = await client.sdk.listTools();
    assertEquals(tools.map((tool) => tool.name), [
      ...["run_code", "run_command", "read_file", "write_file", "list_files", "install_packages"],
    ]);
    const { content, structuredContent, isError } = await client.call("run_code", { language: "ts", code: "6 * 7" });
    assertEquals([content, isError], [[{ type: "text", text: "42" }], undefined]);
    assertEquals([structuredContent.stdout, structuredContent.exitCode], ["42\n", 0]);
    assertEquals(asked, ["tester", "typescript", "6 * 7"]);
  });

  for (const withProgress of [false, true]) {
    const how = withProgress ? "with progress" : "without progress";
    Deno.test(`[${name}] cancelling a call ${how} cancels the program`, async () => {
      const { seen, submit } = endless();
      await using door = new Door({ engine: { submit } });
      await using client = await connect(door.url);
      const cancel = new AbortController();
      const call = client.call("run_code", { language: "ts", code: "1" }, {
        signal: cancel.signal,
        ...(withProgress ? { onprogress: () => {} } : {}),
      }).catch((error: unknown) => error);
      await until(() => seen.begun === 1, "the program begins");
      assert(door.requests.heldBytes > 0);
      cancel.abort();
      assert(await call instanceof Error);
      await client.sdk.listTools(); // The client reads the answer to its notification meanwhile.
      await until(() => seen.cancelled === 1, "the program is cancelled");
      await until(() => door.requests.heldBytes === 0, "the memory of the request is given back");
    });
  }

  Deno.test(`[${name}] reports progress with the last line that the program printed`, async () => {
    const { seen, submit } = endless();
    await using door = new Door({ engine: { submit } });
    await using client = await connect(door.url);
    const cancel = new AbortController();
    const reported = Promise.withResolvers<string | undefined>();
    const call = client.call("run_code", { language: "ts", code: "1" }, {
      signal: cancel.signal,
      onprogress: ({ message }) => reported.resolve(message),
    }).catch(() => {});
    assertEquals(await reported.promise, "last line");
    cancel.abort();
    await call;
    await client.sdk.listTools();
    await until(() => seen.cancelled === 1, "the program is cancelled");
  });

  Deno.test(`[${name}] an error of the caller is a result that a model reads, with its problem`, async () => {
    const refused: string[] = [];
    await using door = new Door({
      engine: {
        submit: () =>
          Promise.reject(new CodeBeakerError("busy", "Too many programs", { details: { retryAfterMs: 50 } })),
      },
      observer: { refused: ({ what, error }) => refused.push(`${what}: ${error.code}`) },
    });
    await using client = await connect(door.url);
    const busy = await client.call("run_code", { language: "ts", code: "1" });
    assertEquals(busy.isError, true);
    assertEquals(busy.content[0].text, "Too many programs. The same call may pass in 50 ms.");
    assertEquals(busy._meta["codebeaker/problem"].code, "busy");
    const wrong = await client.call("run_code", { language: "ts", code: "1", permisions: {} });
    assertStringIncludes(wrong.content[0].text, 'did you mean "permissions"?');
    assertEquals(refused, ["run_code: busy", "run_code: invalid_request"]);
  });

  Deno.test(`[${name}] an unforeseen error is logged, and its text stays in the service`, async () => {
    await using door = new Door({ engine: { submit: () => Promise.reject(new Error("secret")) } });
    await using client = await connect(door.url);
    const { content, isError } = await client.call("run_code", { language: "ts", code: "1" });
    assertEquals([content, isError], [[{ type: "text", text: "Internal error." }], true]);
  });

  Deno.test(`[${name}] gives prompts, and names a missing argument`, async () => {
    await using door = new Door();
    await using client = await connect(door.url);
    const { prompts } = await client.sdk.listPrompts();
    assertEquals(prompts.map((prompt) => prompt.name), ["solve_with_code", "fix_program"]);
    const given = { code: "print(`)", language: "python" };
    const { messages: [message] } = await client.sdk.getPrompt({ name: "fix_program", arguments: given });
    assertStringIncludes(JSON.stringify(message), "```python\\nprint(`)\\n```");
    const error = await client.sdk.getPrompt({ name: "fix_program", arguments: {} }).catch((cause) => cause);
    assertStringIncludes(error.message, "needs the argument code");
    assertEquals(error.code, -32602);
  });
}

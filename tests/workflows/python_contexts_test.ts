import { assertEquals, assertMatch } from "@std/assert";
import { ApiClient } from "../support/api_client.ts";
import { OpenContext } from "../support/open_context.ts";
import { create as createNativeRuntime } from "../../src/runtimes/native/mod.ts";
import { native } from "../../src/runtimes/native/entry.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { openService } from "../support/own_service.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { shareService } from "../support/shared_service.ts";

const shared = shareService();
const openNative = () => openService({}, { createRuntimes: (host) => createRuntimes(host, [native]) });

Deno.test("a cell that reads no stdin is refused one", async () => {
  await using service = shared.borrow();
  const client = new ApiClient(service);
  const typed = await OpenContext.open(client, (await client.openSession({ language: "typescript" })).id);
  const refused = await client.json("POST", `${typed.path}/executions`, { code: "1", stdin: "a" });
  assertEquals([refused.status, refused.code, refused.errors[0].path], [400, "invalid_request", "stdin"]);
});

await using host = await openRuntimeHost();
if (isPresent("native/python", await testedAvailability(createNativeRuntime(host), "python"))) {
  Deno.test("[native] a cell reads its stdin, and says what it lacks", async () => {
    await using service = await openNative();
    const client = new ApiClient(service);
    const context = await OpenContext.open(client, (await client.openSession({ language: "python" })).id);
    assertEquals((await context.run("[input(), input()]", { stdin: "a\nb" })).value, ["a", "b"]);
    assertMatch((await context.run("input()")).stderr, /\nEOFError: .*`stdin`/);
  });

  Deno.test("[native] a cell that passes its CPU limit is interrupted, and its context keeps its variables", async () => {
    await using service = await openNative();
    const client = new ApiClient(service);
    const context = await OpenContext.open(client, (await client.openSession({ language: "python" })).id);
    await context.run("n = 7");
    const { contextLost, outcome } = await context.run("while True: pass", {
      limits: { cpuMs: 300 },
      timeoutMs: 30_000,
    });
    assertEquals([outcome.kind, contextLost], ["cpu_limit", undefined]);
    assertEquals((await context.run("n")).value, 7);
  });

  Deno.test("[native] a cell's packages are subject to the session's policy", async () => {
    await using service = await openNative();
    const client = new ApiClient(service);
    const context = await OpenContext.open(client, (await client.openSession({ language: "python" })).id);
    const { exitCode, stderr, value } = await context.run("!pip install 'no such'\n_exit_code");
    assertEquals([exitCode, value], [0, 1]);
    assertMatch(stderr, /^ERROR: .*A package is a name with an optional version/);
  });
}

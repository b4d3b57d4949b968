import { existsSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { createProcessRuntime } from "../../../../src/runtimes/process/process_runtime.ts";
import { openRuntimeHost } from "../../../support/runtime_host.ts";
import { SPEC } from "../sh_runtime/entry.ts";

/** A check takes this long and 10 s at most, which is 1 ms. */
const AT_ONCE_MS = -9_999;

Deno.test("a runtime says that what its compiler needs is still being made, and when to ask again", async () => {
  await using host = await openRuntimeHost();
  const { binary } = SPEC;
  await using runtime = createProcessRuntime({
    ...SPEC,
    binary: { ...binary, probe: { ...binary.probe, timeoutMs: AT_ONCE_MS } },
    prebuilt: { script: () => "sleep 1000" },
  }, host);
  assertEquals(await runtime.isAvailable(), {
    available: false,
    reason: "what its compiler needs is still being made, once for the service's home",
    retryAfterMs: 5_000,
  });
});

Deno.test("a command waits for what its compiler needs, and shows that it does", async () => {
  const begun: string[] = [];
  const progress = {
    signal: new AbortController().signal,
    begin(task: string) {
      begun.push(task);
      return { update() {}, [Symbol.dispose]() {} };
    },
  };
  await using host = await openRuntimeHost({ progress });
  const made = `${host.scratchDirectory}/made`;
  await using runtime = createProcessRuntime({
    ...SPEC,
    // Its binary is looked at once all is prepared.
    binary: { ...SPEC.binary, probe: { ...SPEC.binary.probe, whyNot: () => `found ${existsSync(made)}` } },
    prebuilt: { script: (directory) => `mkdir ${directory}; touch ${made}` },
  }, host);
  const answer = await runtime.isAvailable();
  assertEquals([answer.available ? "" : answer.reason, begun], [
    "found true",
    ["preparing the compiler for bash, once"],
  ]);
});

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import { runHere } from "../../support/cli.ts";
import { isPresent, testedAvailability } from "../../support/requirements.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";
import { until } from "../../support/until.ts";
import { startServiceProcess } from "../../support/service_process.ts";
import { DENO_ALONE } from "../../support/variables.ts";

await using host = await openRuntimeHost();
if (isPresent("deno", await testedAvailability(createDenoRuntime(host)))) {
  Deno.test("codebeaker executions lists, follows, cancels and shows an execution of a running service", async () => {
    await using service = await startServiceProcess([], DENO_ALONE);
    const executions = (...args: readonly string[]) =>
      runHere(["executions", ...args, "--url", service.url], { fetch });
    const submitted = await fetch(`${service.url}/v1/executions`, {
      method: "POST",
      headers: { prefer: "respond-async" },
      body: JSON.stringify({ language: "typescript", code: 'console.log("begun"); setInterval(() => {}, 1000)' }),
    });
    const { id } = await submitted.json();
    const following = executions("follow", id);
    await until(async () => {
      const { stdout } = await executions("list", "--status", "running", "--json");
      return JSON.parse(stdout).executions.some((entry: { id: string }) => entry.id === id);
    }, "the execution is listed as running");
    assertEquals((await executions("cancel", id)).code, 0);
    const { code, stdout, stderr } = await following;
    assertEquals([code, stderr], [137, "codebeaker: cancelled\n"]);
    assertMatch(stdout, /^(begun\n)?$/); // It may have been cancelled before it printed.
    const shown = await executions("show", id);
    assertMatch(shown.stdout, /^outcome +cancelled$/m);
    assertStringIncludes((await executions("list")).stdout, `${id}  ended `);
    const unknown = await executions("follow", "exec_none");
    assertEquals([unknown.code, unknown.stdout], [1, ""]);
    assertStringIncludes(unknown.stderr, "exec_none");
    const misspelled = await executions("list", "--status", "runing");
    assertEquals(misspelled.code, 2);
    assertStringIncludes(misspelled.stderr, 'did you mean "running"?');
  });
}

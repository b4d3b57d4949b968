import { assertEquals, assertStringIncludes } from "@std/assert";
import { create as createNativeRuntime } from "../../src/runtimes/native/mod.ts";
import { native } from "../../src/runtimes/native/entry.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { ApiClient } from "../support/api_client.ts";
import { DOCKER_HOST, dockerAvailability } from "../support/docker.ts";
import { openService } from "../support/own_service.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { startServiceProcess } from "../support/service_process.ts";
import { shareService } from "../support/shared_service.ts";

const shared = shareService();

/** What an agent writes in a language. */
interface Writing {
  readonly language: string;
  readonly runtime: string;
  readonly minIsolation?: number;
  readonly library: string;
  /** A program that reads data.csv and a library, and is wrong at first. */
  program(isWrong: boolean): string;
  readonly libraryCode: string;
  readonly complaint: string;
}

const TYPESCRIPT: Writing = {
  language: "typescript",
  runtime: "deno",
  library: "stats.ts",
  libraryCode: "export const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);",
  program: (isWrong) =>
    `import { sum } from "./stats.ts";
const rows = (await Deno.readTextFile("data.csv")).trim().split("\\n").slice(1).map((line) => Number(line.split(",")[1]));
await Deno.writeTextFile("result.json", JSON.stringify({ sum: sum(${isWrong ? "row" : "rows"}) }));
console.log("done");`,
  complaint: "row is not defined",
};

const PYTHON: Writing = {
  language: "python",
  runtime: "native",
  library: "stats.py",
  libraryCode: "def total(values):\n    return sum(values)\n",
  program: (isWrong) =>
    `import json
from stats import total
rows = [int(line.split(",")[1]) for line in open("data.csv").read().strip().split("\\n")[1:]]
json.dump({"sum": total(${isWrong ? "row" : "rows"})}, open("result.json", "w"), separators=(",", ":"))
print("done")`,
  complaint: "name 'row' is not defined",
};

/** Ten turns: write, run, fail, read the error, fix, run, read the result, patch, look around, clean up. */
async function agentStory(service: { readonly url: string }, writing: Writing): Promise<void> {
  const agent = new ApiClient(service);
  const { language, minIsolation } = writing;
  const { id, runtime } = await agent.openSession({ language, minIsolation, metadata: { task: "sum a column" } });
  assertEquals(runtime, writing.runtime);
  const files = `/v1/sessions/${id}/files`;
  assertEquals(await agent.status("PUT", `${files}/data.csv`, "name,value\na,1\nb,41\n"), 201);
  const written = await agent.command(id, { type: "write_file", path: writing.library, content: writing.libraryCode });
  assertEquals(written.success, true);
  const failed = await agent.run(id, { code: writing.program(true) });
  assertEquals([failed.exitCode, failed.outcome.kind], [1, "exited"]);
  assertStringIncludes(failed.stderr, writing.complaint);
  const fixed = await agent.run(id, { code: writing.program(false) });
  assertEquals([fixed.exitCode, fixed.stdout], [0, "done\n"]);
  assertEquals(await (await agent.ask("GET", `${files}/result.json`)).json(), { sum: 42 });
  const patch = "--- data.csv\n+++ data.csv\n@@ -2,2 +2,2 @@\n a,1\n-b,41\n+b,99\n";
  assertEquals((await agent.command(id, { type: "apply_patch", patch })).result.hunksApplied, 1);
  const again = await agent.command(id, { type: "execute_code", code: writing.program(false) });
  assertEquals([again.success, again.result.sessionId], [true, id]);
  const compared = await agent.command(id, {
    type: "diff",
    originalContent: '{"sum":42}',
    modifiedPath: "result.json",
  });
  assertEquals([compared.result.identical, compared.result.addedLines], [false, 1]);
  const { tree } = await agent.json("GET", `${files}?pattern=*.json`);
  assertEquals(tree.children.map(({ path }: { path: string }) => path), ["result.json"]);
  const shown = await agent.json("GET", `/v1/sessions/${id}`);
  assertEquals([shown.state, shown.executionCount, shown.metadata], ["idle", 3, { task: "sum a column" }]);
  assertEquals(await agent.status("DELETE", `/v1/sessions/${id}`), 204);
  assertEquals(await agent.status("GET", `${files}/result.json`), 409);
  const report = await agent.json("GET", `/v1/executions/${fixed.id}`);
  assertEquals([report.status, report.stdout, report.sessionId], [200, "done\n", id]);
}

Deno.test("[deno] an agent's ten turns: write, run, fail, fix, run, read, patch, compare, list, close", async () => {
  await using service = shared.borrow();
  await agentStory(service, TYPESCRIPT);
});

await using host = await openRuntimeHost();
if (isPresent("native/python", await testedAvailability(createNativeRuntime(host), "python"))) {
  Deno.test("[native] an agent's ten turns: write, run, fail, fix, run, read, patch, compare, list, close", async () => {
    await using service = await openService({}, { createRuntimes: (host) => createRuntimes(host, [native]) });
    await agentStory(service, PYTHON);
  });
}

if (isPresent("docker/python", await dockerAvailability("python"))) {
  Deno.test("[docker] an agent's ten turns: write, run, fail, fix, run, read, patch, compare, list, close", async () => {
    await using service = await startServiceProcess([], { CODEBEAKER_DOCKER_HOST: DOCKER_HOST });
    await agentStory(service, { ...PYTHON, runtime: "docker", minIsolation: 9 });
  });
}

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Sandbox } from "../../client/mod.ts";
import { create as createNode } from "../../src/runtimes/node/mod.ts";
import { CLIENTS, type McpClient } from "../server/mcp/clients.ts";
import { findNode } from "../support/find_node.ts";
import { npmAvailability, openNpmRegistry } from "../support/npm_registry.ts";
import { isPresent, programAvailability, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";
import { PROJECT, startServiceProcess } from "../support/service_process.ts";
import { WITHOUT_DOCKER } from "../support/variables.ts";

// An agent's job: a project goes up, its dependency is installed, its tests fail, a patch goes in, and the tests pass.

const FILES: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "prices", "dependencies": { "rates": "^1.0.0" } }\n',
  "src/prices.js": 'const rates = require("rates");\n\nexports.gross = (net) => net - net * rates.vat;\n',
  "test/prices.test.js": `const assert = require("node:assert");
const { test } = require("node:test");
const { gross } = require("../src/prices.js");

test("gross adds the tax", () => assert.strictEqual(gross(100), 120));
`,
};
const PATCH = `--- src/prices.js
+++ src/prices.js
@@ -1,3 +1,3 @@
 const rates = require("rates");
 
-exports.gross = (net) => net - net * rates.vat;
+exports.gross = (net) => net + net * rates.vat;
`;
const DEPENDENCY = "rates@1.2.0";
const TESTS = "node --test";
const WRONG = "80 !== 120";

/** The same job by the Python client; it prints the ends of the two runs. */
const PYTHON_AGENT = `import json, sys
from codebeaker import Sandbox

url, files, patch = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
with Sandbox.create("node", url=url) as sandbox:
    for path, content in files.items():
        sandbox.files.write(path, content)
    assert sandbox.install("${DEPENDENCY}").ok
    failed = sandbox.commands.run("${TESTS}", timeout=60)
    assert "${WRONG}" in failed.stdout, failed.stdout
    sandbox.commands.send("apply_patch", patch=patch)
    print(failed.exit_code, sandbox.commands.run("${TESTS}", timeout=60).exit_code)
`;

async function openPlace() {
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(
    await openNpmRegistry([{ name: "rates", version: "1.2.0", files: { "index.js": "exports.vat = 0.2;" } }]),
  );
  const node = await findNode(24);
  const flags = ["--npm-registry", registry.url, ...(node === undefined ? [] : ["--node-binary", node])];
  const service = stack.use(await startServiceProcess(flags, WITHOUT_DOCKER));
  const owned = stack.move();
  return { url: service.url, [Symbol.asyncDispose]: async () => await owned.disposeAsync() };
}

async function nodeAvailability() {
  await using host = await openRuntimeHost();
  await using runtime = createNode(host);
  return await testedAvailability(runtime, "node");
}

/** The same job by the tools of MCP, which rewrite the file. */
async function workByMcp(client: McpClient): Promise<void> {
  const call = async (name: string, given: Record<string, unknown>) =>
    (await client.call(name, given)).structuredContent;
  const { session } = await call("write_file", { path: "README.md", content: "Prices", language: "node" });
  for (const [path, content] of Object.entries(FILES)) await call("write_file", { path, content, session });
  assertEquals((await call("install_packages", { packages: [DEPENDENCY], session })).outcome.exitCode, 0);
  const test = () => call("run_command", { command: TESTS, session, timeoutMs: 60_000 });
  assertStringIncludes((await test()).stdout, WRONG);
  const path = "src/prices.js";
  await call("write_file", { path, content: FILES[path]?.replace("net - net", "net + net"), session });
  assertEquals((await test()).outcome, { kind: "exited", exitCode: 0 });
}

if (isPresent("npm", await npmAvailability()) && isPresent("node/node", await nodeAvailability())) {
  Deno.test("[agent] a project is uploaded, tested, patched and tested again by the TypeScript client", async () => {
    await using place = await openPlace();
    await using sandbox = await Sandbox.create("node", place);
    for (const [path, content] of Object.entries(FILES)) await sandbox.files.write(path, content);
    assertEquals((await sandbox.install([DEPENDENCY])).exitCode, 0);
    const test = () => sandbox.commands.run({ command: TESTS, timeoutMs: 60_000 });
    const failed = await test();
    assertEquals(failed.exitCode, 1);
    assertStringIncludes(failed.stdout, WRONG);
    await sandbox.commands.send({ type: "apply_patch", patch: PATCH });
    const passed = await test();
    assertEquals([passed.exitCode, passed.stderr], [0, ""]);
  });

  Deno.test("[agent] a project is uploaded, tested, rewritten and tested again by MCP", async () => {
    await using place = await openPlace();
    for (const { connect } of CLIENTS.slice(0, 1)) {
      await using client = await connect(new URL(`${place.url}/mcp`));
      await workByMcp(client);
    }
  });

  if (isPresent("python3", await programAvailability("/usr/bin/python3"))) {
    Deno.test("[agent] a project is uploaded, tested, patched and tested again by the Python client", async () => {
      await using place = await openPlace();
      const { stderr, stdout } = await new Deno.Command("/usr/bin/python3", {
        args: ["-c", PYTHON_AGENT, place.url, JSON.stringify(FILES), PATCH],
        env: { PYTHONPATH: join(PROJECT, "client/python"), PYTHONDONTWRITEBYTECODE: "1" },
      }).output();
      const text = new TextDecoder();
      assertEquals([text.decode(stdout), text.decode(stderr)], ["1 0\n", ""]);
    });
  }
}

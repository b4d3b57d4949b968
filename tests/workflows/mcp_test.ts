import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CLIENTS } from "../server/mcp/clients.ts";
import { openNpmRegistry } from "../support/npm_registry.ts";
import { npmTool } from "../support/npm_tool.ts";
import { runWithAgents } from "../support/openai_agents.ts";
import { openService } from "../support/own_service.ts";
import { shareService } from "../support/shared_service.ts";
import { cancelCalls, work } from "./mcp_agent.ts";

const INSPECTOR = await npmTool("@modelcontextprotocol/inspector", "2.12.0");

const shared = shareService();

/** An agent with a model that calls a tool first, and then repeats what the tool answered. */
const AGENT = `
import { Agent, MCPServerStreamableHttp, Runner, Usage } from "@openai/agents";

const model = {
  getResponse({ input }) {
    const last = input.at(-1);
    const output = last.type === "function_call_result"
      ? { type: "message", role: "assistant", content: [{ type: "output_text", text: JSON.stringify(last.output) }] }
      : {
        type: "function_call",
        callId: "call_1",
        name: "run_code",
        arguments: JSON.stringify({ language: "typescript", code: "console.log(6 * 7)" }),
      };
    return Promise.resolve({ usage: new Usage(), output: [{ ...output, status: "completed" }] });
  },
};
const server = new MCPServerStreamableHttp({ url: Deno.args[0], name: "codebeaker" });
await server.connect();
const agent = new Agent({ name: "tester", instructions: "", model, mcpServers: [server] });
console.log((await new Runner({ tracingDisabled: true }).run(agent, "What is 6 * 7?")).finalOutput);
await server.close();
`;

for (const { name, connect } of CLIENTS) {
  Deno.test(`[${name}] an agent works in a service by MCP`, async () => {
    await using service = shared.borrow();
    await using client = await connect(new URL(`${service.url}/mcp`));
    await work(client);
  });

  Deno.test(`[${name}] a cancelled call is a cancelled execution, with progress and without`, async () => {
    await using service = shared.borrow();
    await using client = await connect(new URL(`${service.url}/mcp`));
    await cancelCalls(client, service);
  });

  if (name !== "SDK 2") continue; // The packages are the same with each client.
  Deno.test(`[${name}] an agent installs a package, and runs a command that uses it`, async () => {
    await using registry = await openNpmRegistry([
      { name: "answers", version: "1.0.0", files: { "index.js": "module.exports = 42;" } },
    ]);
    await using service = await openService({ runtimes: { deno: { npmRegistry: registry.url } } });
    await using client = await connect(new URL(`${service.url}/mcp`));
    const installed = await client.call("install_packages", { language: "typescript", packages: ["answers@1.0.0"] });
    const { outcome, session } = installed.structuredContent;
    assertEquals(outcome, { kind: "exited", exitCode: 0 });
    const args = ["eval", 'import answer from "answers"; console.log(answer);'];
    const ran = await client.call("run_command", { session, command: "deno", args });
    assertEquals([ran.structuredContent.stdout, ran.structuredContent.session], ["42\n", session]);
  });
}

Deno.test("[@openai/agents] an agent calls a tool, and answers from its result", async () => {
  await using service = shared.borrow();
  const { printed } = await runWithAgents(["run", "--allow-all"], AGENT, [`${service.url}/mcp`]);
  assertStringIncludes(printed, '"42"');
});

if (INSPECTOR !== undefined) {
  Deno.test("[inspector] its command line lists and calls the tools", async () => {
    await using service = shared.borrow();
    const inspect = async (...args: string[]) => {
      const { stderr, stdout } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--allow-all", join(INSPECTOR, "clients/launcher/build/index.js")],
          ...["--cli", `${service.url}/mcp`, "--transport", "http", "--method", ...args],
        ],
        stdin: "null",
      }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      return JSON.parse(new TextDecoder().decode(stdout));
    };
    assertEquals((await inspect("tools/list", "--strict")).tools.length, 6);
    const called = [
      "--tool-name",
      "run_code",
      "--tool-arg",
      "language=typescript",
      "--tool-arg",
      "code=console.log(6*7)",
    ];
    assertEquals((await inspect("tools/call", ...called)).content, [{ type: "text", text: "42" }]);
    assertEquals((await inspect("prompts/list")).prompts.length, 2);
    assertEquals((await inspect("resources/templates/list")).resourceTemplates.length, 1);
  });
}

import { Agent, MCPServerStreamableHttp, type Model, Runner, Usage } from "@openai/agents";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CLIENTS } from "../server/mcp/clients.ts";
import { npmTool } from "../support/npm_tool.ts";
import { shareService } from "../support/shared_service.ts";
import { cancelCall, work } from "./mcp_agent.ts";

const INSPECTOR = await npmTool("@modelcontextprotocol/inspector", "2.12.0");

const shared = shareService();

for (const { name, connect } of CLIENTS) {
  Deno.test(`[${name}] an agent works in a service by MCP`, async () => {
    await using service = shared.borrow();
    await using client = await connect(new URL(`${service.url}/mcp`));
    await work(client);
  });

  Deno.test(`[${name}] a cancelled call is a cancelled execution`, async () => {
    await using service = shared.borrow();
    await using client = await connect(new URL(`${service.url}/mcp`));
    await cancelCall(client, service);
  });
}

Deno.test("[@openai/agents] an agent calls a tool, and answers from its result", async () => {
  await using service = shared.borrow();
  const server = new MCPServerStreamableHttp({ url: `${service.url}/mcp`, name: "codebeaker" });
  await server.connect();
  try {
    const agent = new Agent({ name: "tester", instructions: "", model: new Parrot(), mcpServers: [server] });
    const { finalOutput } = await new Runner({ tracingDisabled: true }).run(agent, "What is 6 * 7?");
    assertStringIncludes(`${finalOutput}`, '"42"');
  } finally {
    await server.close();
  }
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

/** A model that calls a tool first, and then repeats what the tool answered. */
class Parrot implements Model {
  getResponse({ input }: Parameters<Model["getResponse"]>[0]): ReturnType<Model["getResponse"]> {
    const last = typeof input === "string" ? undefined : input.at(-1);
    const call = { language: "typescript", code: "console.log(6 * 7)" };
    const output = last?.type === "function_call_result"
      ? [{
        type: "message" as const,
        role: "assistant" as const,
        status: "completed" as const,
        content: [{ type: "output_text" as const, text: JSON.stringify(last.output) }],
      }]
      : [{
        type: "function_call" as const,
        callId: "call_1",
        name: "run_code",
        arguments: JSON.stringify(call),
        status: "completed" as const,
      }];
    return Promise.resolve({ usage: new Usage(), output });
  }

  getStreamedResponse(): never {
    throw new Error("not expected");
  }
}

import { assert, assertEquals } from "@std/assert";
import { SUBCOMMANDS } from "../../src/cli/subcommands.ts";
import { runWithAgents } from "../support/openai_agents.ts";
import { readPages } from "./pages.ts";

/** This test, as a page's blocks name it. */
const NAME = "tests/docs/agents_test.ts";

const page = (await readPages()).find(({ path }) => path === "docs/mcp.md");
const blocks = page?.blocks.filter(({ checkedBy }) => checkedBy === NAME) ?? [];
const ofLanguage = (wanted: string) => blocks.filter(({ language }) => language === wanted).map(({ text }) => text);

/** The parts of a command that an editor starts. */
function assertStarts(command: readonly string[]): void {
  const [file, subcommand] = command;
  assertEquals(file, "codebeaker");
  assert(SUBCOMMANDS.some(({ name }) => name === subcommand), `There is no command ${command.join(" ")}`);
}

Deno.test("docs/mcp.md: the files of editors are JSON, and start a command that there is", () => {
  const files = ofLanguage("json");
  assertEquals(files.length, 3);
  for (const text of files) {
    const [servers] = Object.values(JSON.parse(text));
    assert(typeof servers === "object" && servers !== null && "codebeaker" in servers);
    const { command, args } = servers.codebeaker as { command: string; args: string[] };
    assertStarts([command, ...args]);
  }
});

Deno.test("docs/mcp.md: commands that add the service start a command that there is, or name its path", () => {
  const lines = ofLanguage("text").flatMap((text) => text.trim().split("\n"));
  assertEquals(lines.length, 2);
  for (const line of lines) {
    const command = line.split(" -- ")[1]?.split(" ");
    if (command !== undefined) assertStarts(command);
    else assert(line.includes(" http://127.0.0.1:8000/mcp "), line);
  }
});

Deno.test("docs/mcp.md: the program of OpenAI's agents has the right types", async () => {
  const [program = "", ...others] = ofLanguage("typescript");
  assertEquals(others, []);
  assert(program.includes("@openai/agents"));
  assertEquals(await runWithAgents(["check"], program), { success: true, printed: "" });
});

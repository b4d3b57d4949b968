import { assertEquals, assertStringIncludes } from "@std/assert";
import { TextLineStream } from "../support/text_lines.ts";
import { COMMAND_LINE, PROJECT, SERVE, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { NOTHING_RUNS, withoutProjectVariables } from "../support/variables.ts";

/** A module that rejects a promise which no code awaits, at SIGUSR1. */
const REJECTING = 'Deno.addSignalListener("SIGUSR1", () => void Promise.reject(new Error("a package has failed")));';
const EVENT = "process.unhandled_rejection";

/** Adds {@link REJECTING} to the flags of a command line of Deno. */
function withRejection(command: readonly string[]): string[] {
  const [deno = "", run = "", ...rest] = command;
  return [deno, run, `--preload=data:text/javascript,${encodeURIComponent(REJECTING)}`, ...rest];
}

Deno.test("a rejection that no code handles is logged, and the service goes on", async () => {
  const options = { mayLackRuntimes: true, command: withRejection(SERVE) };
  await using service = await startServiceProcess(["--log-format", "json"], NOTHING_RUNS, options);
  service.process.kill("SIGUSR1");
  await until(() => service.log().includes(EVENT), "the rejection is logged");
  const line = service.log().split("\n").find((line) => line.includes(EVENT)) ?? "";
  const { level, properties } = JSON.parse(line);
  assertEquals({ level, error: properties.error }, { level: "ERROR", error: "a package has failed" });
  assertStringIncludes(properties.stack, "Error: a package has failed\n");
  const { ok } = await fetch(`${service.url}/health/live`).then(async (answer) => (await answer.text(), answer));
  assertEquals(ok, true);
});

Deno.test("a rejection that no code handles is logged, and codebeaker mcp goes on", async () => {
  const [file = "", ...args] = withRejection([...COMMAND_LINE, "mcp"]);
  await using child = new Deno.Command(file, {
    args,
    cwd: PROJECT,
    clearEnv: true,
    env: { ...withoutProjectVariables(), ...NOTHING_RUNS },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const answers = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  const ask = async (id: number, method: string, params: unknown = {}) => {
    await writer.write(new TextEncoder().encode(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`));
    return JSON.parse((await answers.read()).value ?? "");
  };
  const clientInfo = { name: "test", version: "1" };
  await ask(1, "initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
  child.kill("SIGUSR1");
  const log = child.stderr.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
  assertStringIncludes((await log.read()).value ?? "", EVENT);
  assertEquals((await ask(2, "ping")).result, {});
  await writer.close();
  await Promise.all([answers.cancel(), log.cancel(), child.status]);
});

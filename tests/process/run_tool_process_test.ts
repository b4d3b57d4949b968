import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import { isMissingTool, runTool } from "../../src/process/run_tool.ts";

Deno.test("runTool() runs a tool with the variables that it is given, and finds it on the path", async () => {
  const file = await Deno.makeTempFile();
  await runTool({ argv: ["sh", "-c", `printf "$WORD" >${file}; seq 100000`], env: { WORD: "hello" } });
  assertEquals(await Deno.readTextFile(file), "hello");
  await Deno.remove(file);
});

Deno.test("runTool() tells what a tool said that failed", async () => {
  const error = await assertRejects(
    () => runTool({ argv: ["sh", "-c", "echo out; echo 'E: no mirror' >&2; exit 3"] }),
    CodeBeakerError,
  );
  assertEquals([error.code, error.message], ["runtime_unavailable", "sh failed (exit code 3): E: no mirror"]);
  assertEquals(isMissingTool(error), false);
});

Deno.test("runTool() tells the signal that ended a tool", async () => {
  await assertRejects(() => runTool({ argv: ["sh", "-c", "kill -9 $$"] }), CodeBeakerError, "sh failed (SIGKILL)");
});

Deno.test("runTool() tells a tool that is missing", async () => {
  const error = await assertRejects(() => runTool({ argv: ["no-such-tool"] }), CodeBeakerError);
  assertEquals(isMissingTool(error), true);
});

Deno.test("runTool() lets an aborted tool put away what it began", async () => {
  const directory = await Deno.makeTempDir();
  const interrupt = new AbortController();
  const script = `trap 'rm ${directory}/begun; exit 1' TERM; touch ${directory}/begun; while :; do sleep 0.05; done`;
  const running = runTool({ argv: ["sh", "-c", script], signal: interrupt.signal });
  while (await Deno.stat(`${directory}/begun`).catch(() => undefined) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  interrupt.abort("SIGINT");
  assertStringIncludes(String(await running.catch((reason: unknown) => reason)), "SIGINT");
  await Deno.remove(directory);
});

Deno.test("runTool() starts nothing when it is aborted already", async () => {
  const interrupt = AbortSignal.abort("early");
  const reason = await runTool({ argv: ["sleep", "60"], signal: interrupt }).catch((reason: unknown) => reason);
  assert(reason === "early");
});

import { assertEquals } from "@std/assert";
import { Sandbox } from "@codebeaker/client";
import { toSandboxSession } from "../../client/ai.ts";
import { toBackend } from "../../client/deepagents.ts";
import { accepted, COMMAND, event, EXECUTION, FakeService, FOLLOW, rejects, stream } from "./fake_service.ts";

Deno.test("the commands of both adapters show where output is left out", async () => {
  const cut = {
    ...EXECUTION,
    stdout: "ab",
    stderr: "e",
    truncated: { stdout: 9, stderr: 0 },
    truncatedAt: { stdout: 1 },
  };
  await using service = new FakeService({ [COMMAND]: [() => Response.json(cut)] });
  const sandbox = await Sandbox.create("python", service);
  const stdout = "a\n[… 9 bytes are left out here …]\nb";
  assertEquals(await toSandboxSession(sandbox).run({ command: "x" }), { exitCode: 0, stdout, stderr: "e" });
  const output = `${stdout}\ne`;
  assertEquals(await toBackend(class {}, sandbox).execute("x"), { exitCode: 0, output, truncated: true });
});

Deno.test("spawn() fails the stream that misses bytes, and no other", async () => {
  const dropped = event(2, "dropped", { stdout: 9, stderr: 0, displays: 0 });
  const printed = ["stdout", "stderr"].map((name, index) => event(3 + index, name, { text: name }));
  const completed = event(5, "completed", { ...EXECUTION, exitCode: 4 });
  await using service = new FakeService({
    [COMMAND]: [accepted],
    [FOLLOW]: [stream([event(1, "stdout", { text: "a" }), dropped, ...printed, completed])],
  });
  const spawned = await toSandboxSession(await Sandbox.create("python", service)).spawn({ command: "x" });
  await rejects(new Response(spawned.stdout).text(), "stream_lost");
  assertEquals([await new Response(spawned.stderr).text(), await spawned.wait()], ["stderr", { exitCode: 4 }]);
});

Deno.test("aborting the stdin of spawn() ends it", async () => {
  const input = "POST /v1/executions/exec_1/stdin";
  await using service = new FakeService({
    [COMMAND]: [accepted],
    [FOLLOW]: [stream([event(1, "completed", EXECUTION)])],
  });
  const sandbox = await Sandbox.create("python", service);
  const spawned = await toSandboxSession(sandbox).spawn({ command: "cat", stdin: true });
  await spawned.stdin.abort();
  await spawned.wait();
  assertEquals(service.got.filter(({ line }) => line === input).map(({ body }) => body), ['{"close":true}']);
});

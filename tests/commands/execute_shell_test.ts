import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeEnvironment, fakeProgram } from "../support/fake_environment.ts";
import { askToRun, assertFieldsRefused, assertRefused, LIMITS_GIVEN } from "./ask.ts";

const BASE = { type: "execute_shell", command: "deno", args: [] };

Deno.test("execute_shell runs its command in the workspace, with nothing else unless told", async () => {
  await using environment = await FakeEnvironment.create();
  const { program, options, result } = await askToRun(environment, { command: BASE });
  assertEquals(program, { kind: "shell", command: "deno", args: [], workingDirectory: "." });
  assertEquals(options, { env: {}, limits: LIMITS_GIVEN });
  assertEquals([result.outcome, result.stdout], [{ kind: "exited", exitCode: 0 }, ""]);
  assertEquals(await environment.paths(), []);
});

Deno.test("execute_shell without args runs its command as a line of a shell", async () => {
  await using environment = await FakeEnvironment.create();
  for (const line of ["ls -a | wc -l; echo '$HOME' \n # é", "--help"]) {
    const { program } = await askToRun(environment, { command: { type: "shell", command: line } });
    assertEquals(program, { kind: "shell", command: "sh", args: ["-c", "--", line], workingDirectory: "." });
  }
});

Deno.test("execute_shell takes commandName for command", async () => {
  await using environment = await FakeEnvironment.create();
  const { program } = await askToRun(environment, { command: { type: "shell", commandName: "sh", args: ["a"] } });
  assertEquals(program, { kind: "shell", command: "sh", args: ["a"], workingDirectory: "." });
});

Deno.test("execute_shell passes args as they are and splits no command", async () => {
  await using environment = await FakeEnvironment.create();
  const args = ["-c", "a b", "", "$(id)"];
  const { program } = await askToRun(environment, { command: { ...BASE, command: "sh -x", args } });
  assertEquals(program, { kind: "shell", command: "sh -x", args, workingDirectory: "." });
});

Deno.test("execute_shell starts in workingDirectory", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "a/b/file": "" });
  await Deno.symlink("a/b", environment.hostPath("link"));
  const table = [["a/b", "a/b"], ["/workspace/a", "a"], ["./a//b/", "a/b"], ["/workspace", "."], [
    "link",
    "link",
  ]] as const;
  for (const [workingDirectory, expected] of table) {
    const { program } = await askToRun(environment, { command: { ...BASE, workingDirectory } });
    assertEquals(program, { kind: "shell", command: "deno", args: [], workingDirectory: expected });
  }
});

Deno.test("execute_shell runs nothing in a workingDirectory that is missing, no directory, or outside", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ "file": "" });
  await Deno.symlink("file", environment.hostPath("link"));
  await Deno.symlink("/tmp", environment.hostPath("escape"));
  const table = [
    ["nope", "not_found"],
    ["nope/deeper", "not_found"],
    ["file", "invalid_request"],
    ["link", "invalid_request"],
    ["..", "permission_denied"],
    ["/tmp", "permission_denied"],
    ["escape", "permission_denied"],
  ] as const;
  for (const [workingDirectory, code] of table) {
    await assertRefused(environment, { command: { ...BASE, workingDirectory }, code });
  }
  assertEquals([environment.runs.length, await environment.paths()], [0, ["escape", "file", "link"]]);
});

Deno.test("execute_shell names the workingDirectory that is missing", async () => {
  await using environment = await FakeEnvironment.create();
  const error = await assertRefused(environment, { command: { ...BASE, workingDirectory: "nope" }, code: "not_found" });
  assertStringIncludes(error.message, '"nope"');
});

Deno.test("execute_shell passes env, and refuses a name that could disarm a sandbox", async () => {
  await using environment = await FakeEnvironment.create();
  const env = { GREETING: "hi", EMPTY: "" };
  assertEquals((await askToRun(environment, { command: { ...BASE, env } })).options.env, env);
  await assertRefused(environment, {
    command: { ...BASE, env: { LD_PRELOAD: "x" } },
    code: "invalid_request",
    field: "env.LD_PRELOAD",
  });
});

Deno.test("execute_shell feeds stdin", async () => {
  await using environment = await FakeEnvironment.create();
  assertEquals((await askToRun(environment, { command: { ...BASE, stdin: "fed\n" } })).result.stdout, "fed\n");
});

Deno.test("execute_shell lowers the time by timeoutMs, or by timeout in seconds, and never raises it", async () => {
  await using environment = await FakeEnvironment.create();
  for (const [asked, timeoutMs] of [[1, 1], [4_999, 4_999], [300_000, 5_000]] as const) {
    const { options } = await askToRun(environment, { command: { ...BASE, timeoutMs: asked } });
    assertEquals(options.limits, { ...LIMITS_GIVEN, timeoutMs });
    const inSeconds = await askToRun(environment, { command: { ...BASE, timeout: asked / 1000 } });
    assertEquals(inSeconds.options.limits, { ...LIMITS_GIVEN, timeoutMs });
  }
});

Deno.test("execute_shell passes its caller's signal and shows what is printed", async () => {
  await using environment = await FakeEnvironment.create();
  const { signal } = new AbortController();
  const printed: string[] = [];
  const { options } = await askToRun(environment, {
    command: { ...BASE, stdin: "seen" },
    context: { signal, onOutput: ({ bytes }) => void printed.push(new TextDecoder().decode(bytes)) },
  });
  assertEquals([options.signal === signal, printed], [true, ["seen"]]);
});

Deno.test("execute_shell answers with a failed program as with any other", async () => {
  const outcome = Promise.resolve({ kind: "exited", exitCode: 127 } as const);
  await using environment = await FakeEnvironment.create(() => fakeProgram({ outcome }));
  assertEquals((await askToRun(environment, { command: BASE })).result.exitCode, 127);
});

Deno.test("execute_shell refuses fields that are off", async () => {
  await using environment = await FakeEnvironment.create();
  await assertFieldsRefused(environment, {
    base: BASE,
    table: [
      [{ command: undefined }, "command"],
      [{ command: "" }, "command"],
      [{ command: "x".repeat(131_001) }, "command"],
      [{ command: "a\0b" }, "command"],
      [{ command: "\ud800" }, "command"],
      [{ command: ["deno"] }, "command"],
      [{ args: "a" }, "args"],
      [{ args: ["a\0b"] }, "args[0]"],
      [{ workingDirectory: 1 }, "workingDirectory"],
      [{ env: { "A-B": "x" } }, "env.A-B"],
      [{ env: { A: 1 } }, "env.A"],
      [{ stdin: 1 }, "stdin"],
      [{ timeoutMs: 0 }, "timeoutMs"],
      [{ timeoutMs: 3_600_001 }, "timeoutMs"],
      [{ timeoutMs: 1, timeout: 1 }, "timeout"],
      [{ timeout: 0 }, "timeout"],
      [{ code: "1" }, "code"],
    ],
  });
  assertEquals(environment.runs.length, 0);
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Outcome } from "../../../src/core/execution.ts";
import { chunkOf, FakeEnvironment, fakeProgram } from "../../support/fake_environment.ts";
import { fakeRuntime } from "../../support/fake_runtime.ts";
import { sessionsOf } from "../../support/sessions_of.ts";
import { submitted } from "../../support/fake_ports.ts";
import { Door } from "./door.ts";

/** What a script of the original's documents prints here. */
function helloProgram() {
  return fakeProgram({
    output: ReadableStream.from([chunkOf("stdout", "Hello, World!\n")]),
    outcome: Promise.resolve<Outcome>({ kind: "exited", exitCode: 0 }),
  });
}

/** The door over sessions with real files, whose programs all print the same. */
async function withSessions(use: (door: Door, environment: FakeEnvironment) => Promise<void>): Promise<void> {
  await using environment = await FakeEnvironment.create(helloProgram);
  const runtime = fakeRuntime({
    type: "Docker",
    environments: ["python", "javascript", "go", "csharp"],
    createEnvironment: () => Promise.resolve(environment),
  });
  const parts = sessionsOf([runtime]);
  await using _sessions = parts.sessions;
  await using _executions = parts.executions;
  const described = [{ name: "fake", type: "Docker", available: true, environments: [] }];
  await using door = new Door({
    realSessions: parts.sessions,
    engine: { describeRuntimes: () => Promise.resolve(described as never) },
  });
  await use(door, environment);
}

Deno.test("the original's usage guide: create, write, run, read, list, close", async () => {
  await withSessions(async (door, environment) => {
    const client = await door.connect();
    const created = await client.call("session.create", {
      language: "python",
      idleTimeoutMinutes: 30,
      maxLifetimeMinutes: 120,
      memoryLimitMB: 512,
    });
    const { sessionId, containerId, language, createdAt, state, config } = created.result;
    assertEquals([language, typeof containerId, Number.isNaN(Date.parse(createdAt))], ["python", "string", false]);
    assertEquals(["Active", "Idle"].includes(state), true);
    assertEquals(config, { idleTimeoutMinutes: 30, maxLifetimeMinutes: 120 });

    async function execute(command: object) {
      const { result } = await client.call("session.execute", { sessionId, command });
      assertEquals(Object.keys(result).toSorted(), ["durationMs", "error", "result", "success"]);
      assertEquals([result.success, result.error, Number.isInteger(result.durationMs)], [true, null, true]);
      return result.result;
    }

    const content = "print('Hello, World!')";
    const written = await execute({ type: "write_file", path: "/workspace/hello.py", content, mode: "Create" });
    assertEquals(written.bytes, 22);
    const ran = await execute({
      type: "execute_shell",
      commandName: "python3",
      args: ["/workspace/hello.py"],
      workingDirectory: "/workspace",
    });
    assertEquals([ran.exitCode, ran.stdout, ran.stderr, Number.isInteger(ran.durationMs)], [
      0,
      "Hello, World!\n",
      "",
      true,
    ]);
    assertEquals(environment.runs[0]?.program, {
      kind: "shell",
      command: "python3",
      args: ["/workspace/hello.py"],
      workingDirectory: ".",
    });
    const read = await execute({ type: "read_file", path: "/workspace/hello.py" });
    assertEquals([read.content, read.bytes], [content, 22]);

    const { result: listed } = await client.call("session.list", {});
    assertEquals([listed.count, listed.sessions.length], [1, 1]);
    const [session] = listed.sessions;
    assertEquals([session.sessionId, session.language, session.state, session.executionCount], [
      sessionId,
      "python",
      "Idle",
      1,
    ]);
    assertEquals([typeof session.idleMinutes, typeof session.lifetimeMinutes, typeof session.lastActivity], [
      "number",
      "number",
      "string",
    ]);
    assertEquals((await client.call("session.close", { sessionId })).result, { sessionId, closed: true });
    assertEquals((await client.call("session.list", {})).result, { count: 0, sessions: [] });
  });
});

Deno.test("the original's usage guide: every type of command", async () => {
  await withSessions(async (door) => {
    const client = await door.connect();
    const { result: { sessionId } } = await client.call("session.create", { language: "python" });
    const commands = [
      { type: "write_file", path: "/workspace/file1.txt", content: "text", mode: "Create" },
      { type: "write_file", path: "/workspace/file1.txt", content: " more", mode: "Append" },
      { type: "create_directory", path: "/workspace/data" },
      { type: "create_dir", path: "/workspace/data", recursive: true },
      { type: "copy_file", sourcePath: "/workspace/file1.txt", destinationPath: "/workspace/file2.txt" },
      { type: "copy_file", source: "/workspace/file1.txt", destination: "/workspace/file3.txt", overwrite: true },
      { type: "delete_file", path: "/workspace/file2.txt" },
      { type: "list_directory", path: "/workspace" },
      { type: "list_files", path: ".", recursive: true, pattern: "*.txt", include_hidden: false, max_depth: 0 },
      { type: "shell", command: "dotnet", args: ["--info"], workingDirectory: null, env: null, id: null },
      { type: "execute", code: 'print("Hello from CodeBeaker!")' },
      { type: "diff", original_path: "file1.txt", modified_content: "x", context_lines: 3 },
    ];
    for (const command of commands) {
      const { result } = await client.call("session.execute", { sessionId, command });
      assertEquals([command.type, result.success, result.error, result.warnings], [
        command.type,
        true,
        null,
        undefined,
      ]);
    }
    const command = { type: "read_file", path: "/workspace/file3.txt" };
    assertEquals((await client.call("session.execute", { sessionId, command })).result.result.content, "text more");
  });
});

Deno.test("the original's usage guide: a command that goes wrong tells so in words", async () => {
  await withSessions(async (door) => {
    const client = await door.connect();
    const { result: { sessionId } } = await client.call("session.create", { language: "python" });
    const command = { type: "read_file", path: "/workspace/missing.py" };
    const { result } = await client.call("session.execute", { sessionId, command });
    assertEquals([result.success, result.result, typeof result.error], [false, null, "string"]);
    assertStringIncludes(result.error, "missing.py");
  });
});

Deno.test("the original's README: a session with a preference and a security section", async () => {
  await withSessions(async (door) => {
    const client = await door.connect();
    const { result } = await client.call("session.create", {
      language: "javascript",
      runtimePreference: "Speed",
      security: { enableInputValidation: true, enableRateLimiting: true, executionsPerMinute: 60 },
    });
    assertEquals([result.runtimeType, result.language], ["Docker", "javascript"]);
    assertEquals(result.warnings, ['"security": this field is ignored']);
    const { sessionId } = result;
    const command = { type: "execute", code: 'console.log("Hello from CodeBeaker!");' };
    assertEquals((await client.call("session.execute", { sessionId, command })).result.success, true);
  });
});

Deno.test("the original's session settings: all of them, in any case", async () => {
  await withSessions(async (door) => {
    const client = await door.connect();
    const { result } = await client.call("session.create", {
      Language: "python",
      RuntimePreference: "security",
      RuntimeType: "docker",
      IdleTimeoutMinutes: 1,
      MaxLifetimeMinutes: 2,
      MemoryLimitMB: 512,
      CpuShares: 1024,
      DockerImage: "codebeaker-python:latest",
      PersistFilesystem: true,
    });
    assertEquals(result.config, { idleTimeoutMinutes: 1, maxLifetimeMinutes: 2 });
    assertEquals(result.warnings.length, 3);
  });
});

Deno.test("the original's integration tests: a session without a language, and a session that is not there", async () => {
  await withSessions(async (door) => {
    const client = await door.connect();
    const created = await client.call("session.create", {});
    assertEquals([created.error?.code, created.result], [-32602, undefined]);
    const command = { type: "write_file", path: "/workspace/test.txt", content: "Test" };
    const executed = await client.call("session.execute", { sessionId: "non-existent-session", command });
    assertEquals([executed.error?.code, executed.result], [-32004, undefined]);
  });
});

Deno.test("the original's execution.run, and a client that ends each message with a line feed", async () => {
  await using door = new Door({
    engine: { submit: (_caller, _request, options = {}) => Promise.resolve(submitted(options)) },
  });
  const client = await door.connect();
  const params = {
    language: "python",
    code: "print('x')",
    packages: null,
    timeout: 30,
    memoryLimit: 512,
    cpuLimit: 1.0,
    networkEnabled: false,
  };
  const { id, result } = await client.ask(
    `${JSON.stringify({ jsonrpc: "2.0", id: "a", method: "execution.run", params })}\n`,
  );
  assertEquals([id, result.executionId, result.status], ["a", "exec_1", "queued"]);
  assertEquals(result.warnings, ['"cpuLimit": this field is ignored']);
});

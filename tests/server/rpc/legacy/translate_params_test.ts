import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import { executionRequestSchema } from "../../../../src/core/requests/execution_request.ts";
import { selectRequestSchema } from "../../../../src/core/requests/selection_request.ts";
import { sessionRequestSchema } from "../../../../src/core/requests/session_request.ts";
import { translateCommand, translateParams } from "../../../../src/server/rpc/legacy/translate_params.ts";

/** Fields as they are after `translateParams`, and what was said of them. */
function run(params: unknown, schema = executionRequestSchema as Parameters<typeof translateParams>[0]) {
  const warnings: string[] = [];
  return { fields: translateParams(schema, params, warnings), warnings };
}

function command(value: unknown) {
  const warnings: string[] = [];
  return { fields: translateCommand(value, warnings), warnings };
}

Deno.test("translateParams() matches names without regard to case and underscores, at every depth", () => {
  const { fields, warnings } = run({
    LANGUAGE: "ts",
    Code: "1",
    min_isolation: 7,
    Limits: { MemoryMB: 64, max_output_bytes: 5 },
    PERMISSIONS: { allow_net: ["a.example"] },
    files: [{ Path: "a", CONTENT: "b" }],
  });
  assertEquals(fields, {
    language: "ts",
    code: "1",
    minIsolation: 7,
    limits: { memoryMb: 64, maxOutputBytes: 5 },
    permissions: { allowNet: ["a.example"] },
    files: [{ path: "a", content: "b" }],
  });
  assertEquals(warnings, []);
});

Deno.test("translateParams() leaves the names of variables and of metadata as they are", () => {
  const { fields } = run({ env: { my_Name: "1", MYNAME: "2" } });
  assertEquals(fields, { env: { my_Name: "1", MYNAME: "2" } });
  const metadata = { Some_Key: null, somekey: 1 };
  assertEquals(run({ metadata }, sessionRequestSchema).fields, { metadata });
});

Deno.test("translateParams() takes every old field", () => {
  const table: [Record<string, unknown>, Record<string, unknown>][] = [
    [{ timeout: 5 }, { timeoutMs: 5_000 }],
    [{ timeout: 0.0015 }, { timeoutMs: 2 }],
    [{ timeout: "5" }, { timeoutMs: "5" }],
    [{ memoryLimit: 512 }, { limits: { memoryMb: 512 } }],
    [{ memory_limit: 512, limits: { diskMb: 3 } }, { limits: { diskMb: 3, memoryMb: 512 } }],
    [{ memoryLimitMB: 512 }, { limits: { memoryMb: 512 } }],
    [{ memoryLimitMb: 512 }, { limits: { memoryMb: 512 } }],
    [{ networkEnabled: true }, { permissions: { allowNet: true } }],
    [{ networkEnabled: false, permissions: { allowRun: true } }, { permissions: { allowRun: true, allowNet: false } }],
    [{ disableNetwork: true }, { permissions: { allowNet: false } }],
    [{ disableNetwork: false }, { permissions: { allowNet: true } }],
    [{ allowNet: true, allowRun: false }, { permissions: { allowNet: true, allowRun: false } }],
    [{ allowEnv: false }, { permissions: { allowEnv: [] } }],
    [{ permissions: { allowEnv: false, allowRead: false } }, { permissions: { allowEnv: [], allowRead: [] } }],
    [{ runtimePreference: "Speed" }, { preference: "speed" }],
    [{ preference: "SPEED" }, { preference: "speed" }],
    [{ runtimeType: "Deno" }, { runtime: "Deno" }],
    [{ code: "1", config: { timeout: 3, environment: { A: "b" } } }, { code: "1", timeoutMs: 3_000, env: { A: "b" } }],
    [{ environment: "python" }, { environment: "python" }],
    [{ timeout: null, code: null }, {}],
  ];
  for (const [given, fields] of table) {
    assertEquals([given, run(given)], [given, { fields, warnings: [] }]);
  }
});

Deno.test("translateParams() takes the minutes of sessions, and only there", () => {
  const given = { idleTimeoutMinutes: 0.5, max_lifetime_minutes: 120 };
  assertEquals(run(given, sessionRequestSchema), {
    fields: { idleTimeoutMs: 30_000, maxLifetimeMs: 7_200_000 },
    warnings: [],
  });
  const { fields, warnings } = run(given);
  assertEquals([fields, warnings.length], [{}, 2]);
});

Deno.test("translateParams() answers a field without meaning with a warning that names the nearest", () => {
  const { fields, warnings } = run({ language: "ts", cpuLimit: 0.5, packages: ["a"], cpuShares: 1, langage: "x" });
  assertEquals(fields, { language: "ts" });
  assertEquals(warnings.length, 4);
  assertEquals(warnings, [
    '"langage", did you mean "language"?: this field is ignored',
    '"cpuLimit": this field is ignored',
    '"cpuShares": this field is ignored',
    '"packages": this field is ignored',
  ]);
  assertStringIncludes(run({ limits: { x: 1 } }).warnings[0] ?? "", 'limits."x"');
});

Deno.test("translateParams() says what a permission that is true does not grant", () => {
  const { fields, warnings } = run({ allowEnv: true });
  assertEquals([fields, warnings.length], [{ permissions: { allowEnv: [] } }, 1]);
  assertStringIncludes(warnings[0] ?? "", '"allowEnv"');
});

Deno.test("translateParams() refuses a field that is there twice", () => {
  const table: [Record<string, unknown>, string][] = [
    [{ timeout: 1, timeoutMs: 1_000 }, "timeout"],
    [{ timeout: 1, timeout_ms: 1_000 }, "timeout"],
    [{ Language: "ts", language: "js" }, "language"],
    [{ memoryLimit: 1, memoryLimitMB: 1 }, "memoryLimitMB"],
    [{ memoryLimit: 1, limits: { memory_mb: 1 } }, "memoryLimit"],
    [{ networkEnabled: true, permissions: { allowNet: false } }, "networkEnabled"],
    [{ networkEnabled: true, disableNetwork: true }, "disableNetwork"],
    [{ runtimeType: "Deno", runtime: "deno" }, "runtimeType"],
    [{ timeout: 1, config: { Timeout: 1 } }, "Timeout"],
    [{ timeout: 1, config: { timeout: 1 } }, "timeout"],
    [{ env: {}, config: { environment: {} } }, "env"],
  ];
  for (const [given, path] of table) {
    const error = assertThrows(() => run(given), CodeBeakerError);
    assertEquals([given, error.code, error.details.errors?.[0]?.path], [given, "invalid_request", path]);
  }
});

Deno.test("translateParams() leaves what is no object, and a field that is off, to whoever checks them", () => {
  for (const params of [1, "x", [], [{ Language: "ts" }]]) assertEquals(run(params).fields, params);
  const { fields } = run({ limits: 5, memoryLimit: 1, permissions: "all", networkEnabled: true });
  assertEquals(fields, { limits: 5, permissions: "all" });
});

Deno.test("translateParams() drops no key that Object knows without a word, and changes no prototype", () => {
  const given = JSON.parse('{"__proto__":{"language":"ts"},"constructor":1,"toString":2}');
  const { fields, warnings } = run(given);
  assertEquals([fields, warnings.length, Object.hasOwn(Object.prototype, "language")], [{}, 3, false]);
});

Deno.test("translateParams() warns of so many fields and no more", () => {
  const given = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, index]));
  const { fields, warnings } = run(given);
  assertEquals([fields, warnings.length], [{}, 20]);
});

Deno.test("translateParams() keeps a selection without variables as it is", () => {
  const { warnings } = run({ language: "ts", config: { timeout: 1 } }, selectRequestSchema);
  assertEquals(warnings.length, 1);
});

Deno.test("translateCommand() takes the original's commands, their names and their fields", () => {
  const table: [Record<string, unknown>, Record<string, unknown>][] = [
    [{ type: "execute", code: "1" }, { type: "execute_code", code: "1" }],
    [{ Type: "EXECUTE_CODE", Code: "1", timeout: 5 }, { type: "execute_code", code: "1", timeout: 5 }],
    [{ type: "shell", commandName: "ls | wc -l", args: [] }, { type: "execute_shell", command: "ls | wc -l" }],
    [{ type: "shell", commandName: "ls", args: ["-a"] }, { type: "execute_shell", command: "ls", args: ["-a"] }],
    [{ type: "execute", code: "1", args: [] }, { type: "execute_code", code: "1", args: [] }],
    [{ type: "execute_shell", command: "ls", workingDirectory: null }, { type: "execute_shell", command: "ls" }],
    [{ type: "execute_shell", command: "ls", working_directory: "a", timeout: 2 }, {
      type: "execute_shell",
      command: "ls",
      workingDirectory: "a",
      timeout: 2,
    }],
    [{ type: "create_dir", path: "a", id: "7" }, { type: "create_directory", path: "a", id: "7" }],
    [{ type: "list_files", include_hidden: true, max_depth: 2 }, {
      type: "list_directory",
      includeHidden: true,
      maxDepth: 2,
    }],
    [{ type: "copy_file", source_path: "a", destinationPath: "b" }, {
      type: "copy_file",
      source: "a",
      destination: "b",
    }],
    [{ type: "diff", original_path: "a", modified_content: "b", context_lines: 1 }, {
      type: "diff",
      originalPath: "a",
      modifiedContent: "b",
      contextLines: 1,
    }],
    [{ type: "apply_patch", patch: "x", dry_run: true }, { type: "apply_patch", patch: "x", dryRun: true }],
  ];
  for (const [given, fields] of table) assertEquals([given, command(given)], [given, { fields, warnings: [] }]);
});

Deno.test("translateCommand() warns of fields that have no meaning here", () => {
  const { fields, warnings } = command({ type: "install_packages", packages: ["a"], global: false, flags: [] });
  assertEquals([fields, warnings.length], [{ type: "install_packages", packages: ["a"] }, 2]);
  assertStringIncludes(warnings[0] ?? "", 'command: "global"');
});

Deno.test("translateCommand() refuses a field that is there twice", () => {
  for (const twice of [{ sourcePath: "b" }, { source_path: "b" }, { Source: "b" }]) {
    const given = { type: "copy_file", source: "a", destination: "c", ...twice };
    assertEquals(assertThrows(() => command(given), CodeBeakerError).code, "invalid_request");
  }
});

Deno.test("translateCommand() leaves what is no command as it is", () => {
  for (const value of [1, null, [], {}, { type: 5 }, { type: "reboot", x: 1 }, { type: "constructor" }]) {
    assertEquals(command(value), { fields: value, warnings: [] });
  }
});

Deno.test("translateCommand() keeps __proto__ from being anything", () => {
  const { fields, warnings } = command(JSON.parse('{"type":"read_file","path":"a","__proto__":{"path":"b"}}'));
  assertEquals([fields, warnings.length], [{ type: "read_file", path: "a" }, 1]);
});

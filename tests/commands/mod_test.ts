import { assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS, findCommand } from "../../src/commands/mod.ts";
import { FakeEnvironment } from "../support/fake_environment.ts";
import { ask, type Asked, askToRun, assertRefused } from "./ask.ts";

const TRANSFER_ALIASES = {
  sourcePath: "source",
  source_path: "source",
  destinationPath: "destination",
  destination_path: "destination",
};

/** The names on the wire. */
const NAMES: Readonly<Record<string, { readonly aliases: string[]; readonly fieldAliases: Record<string, string> }>> = {
  execute_code: { aliases: ["execute"], fieldAliases: { timeout_ms: "timeoutMs" } },
  execute_shell: {
    aliases: ["shell"],
    fieldAliases: {
      timeout_ms: "timeoutMs",
      commandName: "command",
      command_name: "command",
      working_directory: "workingDirectory",
    },
  },
  write_file: { aliases: [], fieldAliases: {} },
  read_file: { aliases: [], fieldAliases: {} },
  create_directory: { aliases: ["create_dir"], fieldAliases: {} },
  copy_file: { aliases: [], fieldAliases: TRANSFER_ALIASES },
  move_file: { aliases: [], fieldAliases: TRANSFER_ALIASES },
  delete_file: { aliases: [], fieldAliases: {} },
  list_directory: {
    aliases: ["list_files"],
    fieldAliases: { include_hidden: "includeHidden", max_depth: "maxDepth" },
  },
  install_packages: { aliases: [], fieldAliases: { timeout_ms: "timeoutMs" } },
  diff: {
    aliases: [],
    fieldAliases: {
      original_path: "originalPath",
      original_content: "originalContent",
      modified_path: "modifiedPath",
      modified_content: "modifiedContent",
      context_lines: "contextLines",
    },
  },
  apply_patch: { aliases: [], fieldAliases: { dry_run: "dryRun" } },
};

Deno.test("COMMANDS holds every command, by the names of the wire contract", () => {
  assertEquals(
    Object.fromEntries(
      COMMANDS.map(({ type, aliases, fieldAliases }) => [type, { aliases: [...aliases], fieldAliases }]),
    ),
    NAMES,
  );
});

Deno.test("runCommand names the nearest command to one that is unknown, at the field type", async () => {
  await using environment = await FakeEnvironment.create();
  const table = [["read_fil", "read_file"], ["Execute_Code", "execute_code"], [
    "listdirectory",
    "list_directory",
  ]] as const;
  for (const [type, nearest] of table) {
    const error = await assertRefused(environment, { command: { type }, code: "invalid_request", field: "type" });
    assertStringIncludes(error.message, `"${type}", did you mean "${nearest}"?`);
  }
});

Deno.test("runCommand lists what it knows when nothing is near", async () => {
  await using environment = await FakeEnvironment.create();
  const error = await assertRefused(environment, { command: { type: "zzz" }, code: "invalid_request", field: "type" });
  for (const type of Object.keys(NAMES)) assertStringIncludes(error.message, type);
});

Deno.test("runCommand takes the names of Object's own properties for no command", async () => {
  await using environment = await FakeEnvironment.create();
  for (const type of ["__proto__", "constructor", "toString", ""]) {
    await assertRefused(environment, { command: { type }, code: "invalid_request", field: "type" });
  }
});

Deno.test("runCommand refuses what is no command object", async () => {
  await using environment = await FakeEnvironment.create();
  for (const command of [null, undefined, 1, "read_file", [], [{ type: "read_file", path: "a" }]]) {
    await assertRefused(environment, { command, code: "invalid_request" });
  }
  for (const command of [{}, { type: 1 }, { type: null }, { type: "x".repeat(65) }]) {
    await assertRefused(environment, { command, code: "invalid_request", field: "type" });
  }
});

Deno.test("runCommand takes a command's alias for the command", async () => {
  await using environment = await FakeEnvironment.create();
  assertEquals(await ask(environment, { type: "create_dir", path: "d" }), { path: "d" });
  const [byName, byAlias] = await Promise.all(
    ["list_directory", "list_files"].map((type) => ask(environment, { type })),
  );
  assertEquals(byAlias, byName);
  assertEquals((await askToRun(environment, { command: { type: "execute", code: "1" } })).program.kind, "file");
  assertEquals((await askToRun(environment, { command: { type: "shell", command: "x" } })).program.kind, "shell");
});

Deno.test("runCommand refuses a field given by its alias and by its name, and does nothing", async () => {
  await using environment = await FakeEnvironment.create();
  await environment.fill({ a: "text" });
  const table: [Asked, string, string][] = [
    [{ type: "copy_file", source: "a", sourcePath: "a", destination: "b" }, "sourcePath", "source"],
    [{ type: "copy_file", sourcePath: "a", source: "a", destination: "b" }, "sourcePath", "source"],
    [{ type: "move_file", source: "a", destinationPath: "b", destination: "b" }, "destinationPath", "destination"],
    [{ type: "execute_shell", command: "x", commandName: "x" }, "commandName", "command"],
  ];
  for (const [command, alias, name] of table) {
    const error = await assertRefused(environment, { command, code: "invalid_request", field: alias });
    assertEquals(error.message, `"${alias}" is an alias of "${name}": name one of them`);
  }
  assertEquals([environment.runs.length, await environment.paths()], [0, ["a"]]);
});

Deno.test("runCommand takes a field's alias only for the commands that have it", async () => {
  await using environment = await FakeEnvironment.create();
  const command = { type: "read_file", path: "a", sourcePath: "a" };
  await assertRefused(environment, { command, code: "invalid_request", field: "sourcePath" });
});

Deno.test("runCommand refuses unknown fields, names the nearest, and does nothing", async () => {
  await using environment = await FakeEnvironment.create();
  const command = { type: "write_file", path: "a", content: "", encodin: "base64", zzzzzzzz: 1 };
  const error = await assertRefused(environment, { command, code: "invalid_request", field: "encodin" });
  assertStringIncludes(
    error.message,
    'the write_file command: encodin: Unknown field "encodin", did you mean "encoding"?',
  );
  assertEquals(error.details.errors?.map(({ path }) => path), ["encodin", "zzzzzzzz"]);
  assertEquals(await environment.paths(), []);
});

Deno.test("runCommand takes an id, which is no field of the command", async () => {
  await using environment = await FakeEnvironment.create();
  for (const id of ["1", "", "x".repeat(256)]) {
    assertEquals(await ask(environment, { type: "create_directory", path: "d", id }), { path: "d" });
  }
  for (const id of [1, null, "x".repeat(257)]) {
    const command = { type: "create_directory", path: "e", id };
    await assertRefused(environment, { command, code: "invalid_request", field: "id" });
  }
  assertEquals(await environment.paths(), ["d/"]);
});

Deno.test("runCommand refuses keys that Object knows as it refuses any unknown field", async () => {
  await using environment = await FakeEnvironment.create();
  for (const key of ["constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__"]) {
    const command = JSON.parse(`{"type":"create_directory","path":"d","${key}":{"recursive":false}}`);
    await assertRefused(environment, { command, code: "invalid_request", field: key });
  }
  assertEquals(await environment.paths(), []);
});

Deno.test("runCommand lets __proto__ give no field and change no prototype", async () => {
  await using environment = await FakeEnvironment.create();
  const command = JSON.parse('{"type":"create_directory","__proto__":{"path":"d","polluted":true}}');
  await assertRefused(environment, { command, code: "invalid_request", field: "__proto__" });
  assertEquals([Object.hasOwn(Object.prototype, "polluted"), await environment.paths()], [false, []]);
  const typed = JSON.parse('{"__proto__":{"type":"create_directory","path":"d"}}');
  await assertRefused(environment, { command: typed, code: "invalid_request", field: "__proto__" });
});

Deno.test("runCommand refuses __proto__ as it refuses any unknown field", async () => {
  await using environment = await FakeEnvironment.create();
  const command = JSON.parse('{"type":"create_directory","path":"d","__proto__":{}}');
  await assertRefused(environment, { command, code: "invalid_request", field: "__proto__" });
  assertEquals(await environment.paths(), []);
});

Deno.test("findCommand tells which commands run a program, before they do", () => {
  const running = COMMANDS.filter(({ runsProgram }) => runsProgram).map(({ type }) => type);
  assertEquals(running, ["execute_code", "execute_shell", "install_packages"]);
  assertEquals(findCommand({ type: "execute", code: "" }).runsProgram, true);
  assertEquals(findCommand({ type: "read_file", path: "a" }).runsProgram, false);
});

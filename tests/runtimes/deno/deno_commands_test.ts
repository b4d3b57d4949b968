import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DENO_COMMANDS } from "../../../src/runtimes/deno/deno_commands.ts";
import { parseShellCommand } from "../../../src/runtimes/process/shell_command.ts";
import type { CommandLine, CommandProgram } from "../../../src/runtimes/process/spec.ts";

function parseCommand(
  command: CommandLine,
  options: { readonly runsOthers: boolean; readonly elsewhere: readonly string[] },
): CommandProgram | undefined {
  return parseShellCommand(command, { runtime: "deno", own: DENO_COMMANDS, ...options });
}

function parse(command: string, args: readonly string[], workingDirectory = "."): CommandProgram | undefined {
  return parseCommand({ command, args, workingDirectory }, { runsOthers: false, elsewhere: ["a", "b"] });
}

Deno.test("parseShellCommand() understands deno run FILE and deno eval CODE", () => {
  assertEquals(parse("deno", ["run", "a/b.ts", "-x"]), { kind: "file", path: "a/b.ts", args: ["-x"] });
  assertEquals(parse("deno", ["run", "b.ts"], "a"), { kind: "file", path: "a/b.ts", args: [] });
  assertEquals(parse("deno", ["run", "/workspace/b.ts"], "a"), { kind: "file", path: "b.ts", args: [] });
  assertEquals(parse("deno", ["eval", "--1", "y"]), { kind: "code", code: "--1", extension: "ts", args: ["y"] });
});

Deno.test("parseShellCommand() refuses every other command and every flag", () => {
  const attempts: [string, string[]][] = [
    ["sh", ["-c", "id"]],
    ["/usr/bin/deno", ["run", "a.ts"]],
    ["deno", []],
    ["deno", ["task", "x"]],
    ["deno", ["run", "--allow-all", "a.ts"]],
    ["deno", ["run", "-A"]],
    ["deno", ["run", "../a.ts"]],
    ["deno", ["run", "/etc/x.ts"]],
    ["deno", ["--version"]],
  ];
  for (const [command, args] of attempts) {
    assertEquals([args, assertThrows(() => parse(command, args), CodeBeakerError).code], [args, "permission_denied"]);
  }
  for (const subcommand of ["run", "eval"]) {
    assertEquals(assertThrows(() => parse("deno", [subcommand]), CodeBeakerError).code, "invalid_request");
  }
});

Deno.test("parseShellCommand() names the runtimes that run any command line, and none where none is known", () => {
  const command = { command: "sh", args: ["-c", "id"], workingDirectory: "." } as const;
  const messageFor = (elsewhere: readonly string[]) =>
    assertThrows(() => parseCommand(command, { runsOthers: false, elsewhere }), CodeBeakerError).message;
  assertStringIncludes(messageFor(["a", "b"]), "confines any program (a, b)");
  assertStringIncludes(messageFor([]), "(no other runtime is known)");
});

Deno.test("parseShellCommand() runs any other command as it is where those are confined", () => {
  const parseAny = (command: string, args: readonly string[]) =>
    parseCommand({ command, args, workingDirectory: "a" }, { runsOthers: true, elsewhere: [] });
  const others: [string, string[]][] = [
    ["sh", ["-c", "id"]],
    ["/usr/bin/deno", ["run", "--allow-all", "a.ts"]],
    ["-x", []],
    ["./deno", ["run"]],
  ];
  for (const [command, args] of others) {
    assertEquals([command, parseAny(command, args)], [command, undefined]);
  }
});

Deno.test("parseShellCommand() checks deno run FILE also where other commands are confined, and those run as they are", () => {
  const parseDeno = (args: readonly string[]) =>
    parseCommand({ command: "deno", args, workingDirectory: "." }, {
      runsOthers: true,
      elsewhere: ["a"],
    });
  assertEquals(parseDeno(["eval", "1"]), { kind: "code", code: "1", extension: "ts", args: [] });
  assertEquals(assertThrows(() => parseDeno(["run", "/etc/x.ts"]), CodeBeakerError).code, "permission_denied");
  for (const args of [[], ["task", "x"], ["run", "--allow-all", "a.ts"], ["--version"]]) {
    assertEquals([args, parseDeno(args)], [args, undefined]);
  }
});

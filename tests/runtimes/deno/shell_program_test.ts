import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { parseShellProgram, type ShellProgram } from "../../../src/runtimes/deno/shell_program.ts";

function parse(command: string, args: readonly string[], workingDirectory = "."): ShellProgram {
  return parseShellProgram({ kind: "shell", command, args, workingDirectory }, {
    runsOthers: false,
    elsewhere: ["a", "b"],
  });
}

Deno.test("parseShellProgram() understands deno run FILE and deno eval CODE", () => {
  assertEquals(parse("deno", ["run", "a/b.ts", "-x"]), {
    kind: "run",
    path: "a/b.ts",
    args: ["-x"],
    workingDirectory: ".",
  });
  assertEquals(parse("deno", ["run", "b.ts"], "a"), { kind: "run", path: "a/b.ts", args: [], workingDirectory: "a" });
  assertEquals(parse("deno", ["run", "/workspace/b.ts"], "a"), {
    kind: "run",
    path: "b.ts",
    args: [],
    workingDirectory: "a",
  });
  assertEquals(parse("deno", ["eval", "--1", "y"]), { kind: "eval", code: "--1", args: ["y"], workingDirectory: "." });
});

Deno.test("parseShellProgram() refuses every other command and every flag", () => {
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

Deno.test("parseShellProgram() names the runtimes that run any command line, and none where none is known", () => {
  const command = { kind: "shell", command: "sh", args: ["-c", "id"], workingDirectory: "." } as const;
  const messageFor = (elsewhere: readonly string[]) =>
    assertThrows(() => parseShellProgram(command, { runsOthers: false, elsewhere }), CodeBeakerError).message;
  assertStringIncludes(messageFor(["a", "b"]), "a file system of its own (a, b)");
  assertStringIncludes(messageFor([]), "(no other runtime is known)");
});

Deno.test("parseShellProgram() passes any other command on where those are confined, as it is", () => {
  const parseAny = (command: string, args: readonly string[]) =>
    parseShellProgram({ kind: "shell", command, args, workingDirectory: "a" }, { runsOthers: true, elsewhere: [] });
  const others: [string, string[]][] = [
    ["sh", ["-c", "id"]],
    ["/usr/bin/deno", ["run", "--allow-all", "a.ts"]],
    ["-x", []],
    ["./deno", ["run"]],
  ];
  for (const [command, args] of others) {
    assertEquals(parseAny(command, args), { kind: "other", command, args, workingDirectory: "a" });
  }
});

Deno.test("parseShellProgram() takes deno for what it is, also where other commands are confined", () => {
  const parseDeno = (args: readonly string[]) =>
    parseShellProgram({ kind: "shell", command: "deno", args, workingDirectory: "." }, {
      runsOthers: true,
      elsewhere: ["a"],
    });
  assertEquals(parseDeno(["eval", "1"]), { kind: "eval", code: "1", args: [], workingDirectory: "." });
  for (const args of [[], ["task", "x"], ["run", "--allow-all", "a.ts"], ["--version"], ["run", "/etc/x.ts"]]) {
    assertEquals([args, assertThrows(() => parseDeno(args), CodeBeakerError).code], [args, "permission_denied"]);
  }
});

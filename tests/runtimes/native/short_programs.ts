/** A program of one language that shows at once what it was given. */
export interface ShortProgram {
  /**
   * Prints its arguments with `|` between them, the variable `GIVEN`, the file `data.txt`, and its stdin, each ended by a
   * line feed, and exits with 7. It has its text from a second file of the workspace, where its language has modules.
   */
  readonly code: string;
  /** Further files of it. */
  readonly files?: Readonly<Record<string, string>>;
  /** A line of `sh` that prints 42 by the language's own tools; absent, none. */
  readonly line?: string;
  /** Code that its compiler refuses; absent, it has none. */
  readonly broken?: string;
}

const C_CODE = [
  '#include "show.h"',
  "int main(int argc, char **argv) {",
  '  for (int n = 1; n < argc; n++) printf("%s%s", n == 1 ? "" : "|", argv[n]);',
  '  printf("\\n%s\\n", getenv("GIVEN"));',
  '  show(fopen("data.txt", "r"));',
  "  show(stdin);",
  "  return 7;",
  "}",
].join("\n");
const C_FILES = {
  "show.h": [
    "#include <stdio.h>",
    "#include <stdlib.h>",
    "static void show(FILE *file) {",
    "  for (int c; (c = getc(file)) != EOF;) putchar(c);",
    "  putchar('\\n');",
    "}",
  ].join("\n"),
};

const SHELL_CODE = [
  ". ./show.sh",
  "all=",
  'for word in "$@"; do all=${all:+$all|}$word; done',
  'show "$all"; show "$GIVEN"; show "$(cat data.txt)"; show "$(cat)"',
  "exit 7",
].join("\n");
const SHELL = { code: SHELL_CODE, files: { "show.sh": "show() { printf '%s\\n' \"$1\"; }" } };

/** By environment name. */
export const SHORT_PROGRAMS: Readonly<Record<string, ShortProgram>> = {
  bash: SHELL,
  sh: SHELL,
  perl: {
    code: [
      'use lib "."; use Show;',
      'open(my $file, "<", "data.txt"); local $/;',
      'Show::show(join("|", @ARGV)); Show::show($ENV{GIVEN}); Show::show(<$file>); Show::show(<STDIN>); exit 7;',
    ].join("\n"),
    files: { "Show.pm": 'package Show; sub show { print @_, "\\n"; } 1;' },
  },
  ruby: {
    code: [
      'require_relative "show"',
      'show ARGV.join("|"); show ENV["GIVEN"]; show File.read("data.txt"); show STDIN.read; exit 7',
    ].join("\n"),
    files: { "show.rb": "def show(text)\n  puts text\nend" },
  },
  php: {
    code: [
      '<?php require "show.php"; show(implode("|", array_slice($argv, 1))); show(getenv("GIVEN"));',
      'show(file_get_contents("data.txt")); show(stream_get_contents(STDIN)); exit(7);',
    ].join("\n"),
    files: { "show.php": '<?php function show($text) { echo $text, "\\n"; }' },
  },
  lua: {
    code: [
      'local show = require("show")',
      'show(table.concat(arg, "|")); show(os.getenv("GIVEN")); show(io.open("data.txt"):read("a"))',
      'show(io.read("a")); os.exit(7)',
    ].join("\n"),
    files: { "show.lua": "return print" },
  },
  r: {
    code: [
      'source("show.R")',
      'show(paste(commandArgs(TRUE), collapse = "|")); show(Sys.getenv("GIVEN"))',
      'show(readLines("data.txt", warn = FALSE)); show(readLines(file("stdin"), warn = FALSE)); quit(status = 7)',
    ].join("\n"),
    line: "Rscript -e 'cat(6 * 7)'",
    files: { "show.R": 'show <- function(text) cat(text, "\\n", sep = "")' },
  },
  c: {
    code: C_CODE,
    files: C_FILES,
    broken: "int main(void) { return missing; }",
    line: "echo 'int main(void) { return 42; }' >a.c && gcc -o a a.c && { ./a; printf $?; }",
  },
  cpp: { code: C_CODE, files: C_FILES, broken: "int main() { return missing; }" },
  rust: {
    code: [
      "mod show;",
      "use show::show;",
      "fn main() {",
      '  show(&std::env::args().skip(1).collect::<Vec<_>>().join("|"));',
      '  show(&std::env::var("GIVEN").unwrap());',
      '  show(&std::fs::read_to_string("data.txt").unwrap());',
      "  show(&std::io::read_to_string(std::io::stdin()).unwrap());",
      "  std::process::exit(7);",
      "}",
    ].join("\n"),
    files: { "show.rs": 'pub fn show(text: &str) { println!("{}", text); }' },
    broken: "fn main() { missing }",
  },
  go: {
    code: [
      "package main",
      'import ("io"; "os"; "strings"; "x/shown")',
      "func main() {",
      '  file, _ := os.ReadFile("data.txt")',
      "  input, _ := io.ReadAll(os.Stdin)",
      '  for _, text := range []string{strings.Join(os.Args[1:], "|"), os.Getenv("GIVEN"), string(file), string(input)} {',
      "    shown.Show(text)",
      "  }",
      "  os.Exit(7)",
      "}",
    ].join("\n"),
    files: {
      // Go would fetch the toolchain, and obey the settings of a home.
      "go.mod": "module x\n\ngo 1.20\n\ntoolchain go1.99.0\n",
      ".config/go/env": "GOEXPERIMENT=missing\n",
      "shown/show.go": 'package shown\n\nimport "fmt"\n\nfunc Show(text string) { fmt.Println(text) }\n',
    },
    broken: "package main\n\nfunc main() { missing() }\n",
  },
  java: {
    code: [
      "import java.nio.file.*;",
      "public class Shown {",
      "  public static void main(String[] args) throws Exception {",
      '    for (String text : new String[] { String.join("|", args), System.getenv("GIVEN"),',
      '        Files.readString(Path.of("data.txt")), new String(System.in.readAllBytes()) }) System.out.println(text);',
      "    System.exit(7);",
      "  }",
      "}",
    ].join("\n"),
    line:
      "echo 'class A { public static void main(String[] a) { System.out.print(42); } }' >A.java && javac A.java && java A",
  },
};

/** The verdicts that submissions are written for. Only a compiled language has `compile_error`. */
type Programs = Readonly<Record<string, string>>;

/** A program of C, or of C++ in C's words, around what it does beside reading the numbers. */
const inC = (statement: string) =>
  [
    "#include <stdio.h>",
    "#include <stdlib.h>",
    "#include <string.h>",
    "#include <unistd.h>",
    "int main(void) {",
    "  volatile long sum = 0;",
    "  long number;",
    '  while (scanf("%ld", &number) == 1) sum += number;',
    `  ${statement}`,
    "  return 0;",
    "}",
  ].join("\n");

const IN_C: Programs = {
  accepted: inC('printf("%ld  \\n", sum);'),
  wrong_answer: inC('printf("%ld\\n", sum + 1);'),
  time_limit: inC("for (;;) sum++;"),
  memory_limit: inC(
    "for (;;) { char *kept = (char *)malloc(1 << 24); if (kept) memset(kept, 1, 1 << 24); else usleep(1000); }",
  ),
  runtime_error: inC('printf("%ld\\n", sum); abort();'),
  output_limit: inC('for (;;) puts("a line of a flood");'),
  compile_error: inC("missing();;}"),
};

const inJava = (statement: string) =>
  [
    "import java.util.*;",
    "public class Solution {",
    "  public static void main(String[] args) {",
    "    Scanner in = new Scanner(System.in);",
    "    long sum = 0;",
    "    while (in.hasNextLong()) sum += in.nextLong();",
    `    ${statement}`,
    "  }",
    "}",
  ].join("\n");

const inGo = (statement: string) =>
  [
    "package main",
    'import "fmt"',
    "func main() {",
    "  sum, number := 0, 0",
    "  for { if _, err := fmt.Scan(&number); err != nil { break }; sum += number }",
    `  ${statement}`,
    "}",
  ].join("\n");

const inPython = (statement: string) => `import sys\nsum = sum(map(int, sys.stdin.read().split()))\n${statement}`;
const inRuby = (statement: string) => `sum = STDIN.read.split.map(&:to_i).sum\n${statement}`;
const inJavaScript = (statement: string) =>
  `const text = await new Response(Deno.stdin.readable).text();
const sum = text.trim().split(/\\s+/).map(Number).reduce((sum, number) => sum + number, 0);
${statement}`;

/** Submissions to an exercise that sums numbers: by language, for each verdict one. */
export const SUBMISSIONS: Readonly<Record<string, Programs>> = {
  c: IN_C,
  cpp: IN_C,
  java: {
    accepted: inJava("System.out.println(sum);"),
    wrong_answer: inJava("System.out.println(sum + 1);"),
    time_limit: inJava("for (;;) sum++;"),
    memory_limit: inJava("List<byte[]> kept = new ArrayList<>(); for (;;) kept.add(new byte[1 << 24]);"),
    runtime_error: inJava("System.out.println(1 / (sum - sum));"),
    output_limit: inJava('for (;;) System.out.println("a line of a flood");'),
    compile_error: inJava('int text = "no number";'),
  },
  go: {
    accepted: inGo("fmt.Println(sum)"),
    wrong_answer: inGo("fmt.Println(sum + 1)"),
    time_limit: inGo("for { sum++ }"),
    memory_limit: inGo(
      "kept := [][]byte{}; for { b := make([]byte, 1<<24); for n := range b { b[n] = 1 }; kept = append(kept, b) }",
    ),
    runtime_error: inGo("panic(sum)"),
    output_limit: inGo('for { fmt.Println("a line of a flood") }'),
    compile_error: inGo('var text int = "no number"'),
  },
  python: {
    accepted: inPython("print(sum)"),
    wrong_answer: inPython("print(sum + 1)"),
    time_limit: inPython("while True: pass"),
    memory_limit: inPython("kept = []\nwhile True: kept.append(b'x' * (1 << 24))"),
    runtime_error: inPython("print(1 // 0)"),
    output_limit: inPython("while True: print('a line of a flood')"),
  },
  ruby: {
    accepted: inRuby("puts sum"),
    wrong_answer: inRuby("puts sum + 1"),
    time_limit: inRuby("loop {}"),
    memory_limit: inRuby("kept = []; loop { kept << 'x' * (1 << 24) }"),
    runtime_error: inRuby("raise 'no'"),
    output_limit: inRuby("loop { puts 'a line of a flood' }"),
  },
  javascript: {
    accepted: inJavaScript("console.log(sum);"),
    wrong_answer: inJavaScript("console.log(sum + 1);"),
    time_limit: inJavaScript("for (;;);"),
    memory_limit: inJavaScript("const kept = []; for (;;) kept.push(new Uint8Array(1 << 24).fill(1));"),
    runtime_error: inJavaScript("throw new Error('no');"),
    output_limit: inJavaScript("for (;;) console.log('a line of a flood');"),
  },
};

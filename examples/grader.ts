// deno-lint-ignore-file no-console -- a program of the command line prints
// A grader: compiles each submission once, runs it on each case within limits, and says what went wrong.
//
//   npx -y deno@2.9.6 run --allow-net --allow-env examples/grader.ts

import { type Execution, post } from "./service.ts";

/** The exercise: print the sum of the numbers on standard input. */
const TESTS = [
  { name: "three", stdin: "1 2 3\n", expected: "6" },
  { name: "negative", stdin: "-5 5\n", expected: "0" },
  { name: "two", stdin: "40 2\n", expected: "42" },
];

const IN_C = (statement: string) =>
  `#include <stdio.h>
int main(void) { volatile long sum = 0, number; while (scanf("%ld", &number) == 1) sum += number; ${statement} }`;

/** Submissions by their students: the language, and the code. */
const SUBMISSIONS: Readonly<Record<string, readonly [language: string, code: string]>> = {
  ada: ["python", "print(sum(map(int, input().split())))"],
  ben: ["python", "print(max(map(int, input().split())))"],
  cleo: ["c", IN_C('printf("%ld\\n", sum);')],
  dan: ["c", IN_C("for (;;) sum++;")],
  eve: ["c", IN_C("return sum")],
  finn: [
    "javascript",
    "const text = await new Response(Deno.stdin.readable).text(); console.log(eval(text.split(' ').join('+')));",
  ],
  gus: ["javascript", "console.log(Deno.readTextFileSync('/srv/solutions/sum.txt'));"],
};

/** The part of an answer that says how a submission did. */
interface Graded extends Execution {
  readonly compile?: { readonly stderr: string };
  readonly tests: readonly { readonly name: string; readonly verdict: string; readonly stdout: string }[];
  readonly usage: { readonly cpuMs: number | null; readonly peakMemoryBytes: number | null };
}

/** Grades a submission; returns a line about it. */
async function grade([language, code]: readonly [string, string]): Promise<string> {
  const limits = { cpuMs: 500, memoryMb: 128, maxOutputBytes: 10_000 };
  const { compile, denials, tests, usage } = await post<Graded>("/v1/executions", {
    language,
    code,
    tests: TESTS,
    limits,
  });
  const measured = usage.cpuMs === null || usage.peakMemoryBytes === null ? "not measured" : "measured";
  const passed = tests.filter(({ verdict }) => verdict === "accepted").length;
  const failed = tests.find(({ verdict }) => verdict !== "accepted");
  const score = `${language}, ${passed} of ${tests.length}`;
  const [denial] = denials;
  if (denial !== undefined) return `${score}: it may not ${denial.kind} ${denial.target}`;
  if (failed?.verdict === "compile_error") return `${score}: ${/error: .*/.exec(compile?.stderr ?? "")?.[0]}`;
  if (failed !== undefined) return `${score}: ${failed.verdict} in ${failed.name}`;
  return `${score}, CPU time and memory ${measured}`;
}

for (const [student, submission] of Object.entries(SUBMISSIONS)) {
  console.log(`${student}: ${await grade(submission)}`);
}

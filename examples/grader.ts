// deno-lint-ignore-file no-console -- a program of the command line prints
// A grader: runs each submission on each case, at the same time, within limits, and says what went wrong.
//
//   npx -y deno@2.9.6 run --allow-net --allow-env examples/grader.ts

import { type Execution, post } from "./service.ts";

/** The exercise: print the sum of the numbers on standard input. */
const CASES = [
  { stdin: "1 2 3", expected: "6" },
  { stdin: "-5 5", expected: "0" },
  { stdin: "40 2", expected: "42" },
];

const READ = "const numbers = (await new Response(Deno.stdin.readable).text()).split(' ').map(Number);";
const SUBMISSIONS: Readonly<Record<string, string>> = {
  ada: `${READ} console.log(numbers.reduce((sum, number) => sum + number, 0));`,
  ben: `${READ} console.log(Math.max(...numbers));`,
  cleo: "for (;;);",
  dan: "console.log(Deno.readTextFileSync('/srv/solutions/sum.txt'));",
};

async function grade(code: string): Promise<string> {
  const results = await Promise.all(CASES.map(async ({ expected, stdin }) => {
    const limits = { cpuMs: 500, memoryMb: 128, maxOutputBytes: 10_000 };
    const request = { language: "javascript", code, stdin, limits };
    return findFault(await post<Execution>("/v1/executions", request), expected);
  }));
  const faults = results.filter((fault) => fault !== undefined);
  const score = `${CASES.length - faults.length} of ${CASES.length}`;
  return faults.length === 0 ? score : `${score}: ${faults[0]}`;
}

/** What is wrong with an execution; undefined where nothing is. */
function findFault({ denials, outcome, stdout }: Execution, expected: string): string | undefined {
  const [denial] = denials;
  if (denial !== undefined) return `it may not ${denial.kind} ${denial.target}`;
  if (outcome.kind !== "exited") return outcome.kind.replaceAll("_", " ");
  if (outcome.exitCode !== 0) return `exit code ${outcome.exitCode}`;
  return stdout.trim() === expected ? undefined : `expected ${expected}, got ${stdout.trim()}`;
}

for (const [student, code] of Object.entries(SUBMISSIONS)) console.log(`${student}: ${await grade(code)}`);

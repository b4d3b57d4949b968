/** One test, as a JUnit report has it. */
export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly seconds: number;
  readonly end: "passed" | "failed" | "skipped";
  /** Why it failed, without the stack; at most {@link LONGEST_REASON} characters. */
  readonly reason?: string;
}

const LONGEST_REASON = 1_500;

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Reads a JUnit report of `deno test`, without the steps of tests. */
export function readReport(xml: string): TestResult[] {
  const results = [...xml.matchAll(/<testcase (.*?)>(.*?)<\/testcase>/gs)].map(
    ([, attributes = "", inside = ""]): TestResult => ({
      file: readAttribute(attributes, "classname").replace(/^\.\//, ""),
      name: readAttribute(attributes, "name"),
      seconds: Number(readAttribute(attributes, "time")),
      ...readEnd(inside),
    }),
  );
  const names = new Set(results.map(({ name }) => name));
  return results.filter(({ name }) => !isStep(name, names));
}

/** What the last lines of a run hold beside its results. */
export interface SummaryOptions {
  /** How many of the slowest tests are listed. */
  readonly slowest?: number;
  /** Tests that failed among others and passed alone. */
  readonly unsteady?: readonly TestResult[];
}

/** The last lines of a run: the slowest tests if asked for, what was skipped and why, and the counts. */
export function summarize(
  results: readonly TestResult[],
  { slowest = 0, unsteady = [] }: SummaryOptions = {},
): string[] {
  const count = (end: TestResult["end"]) => results.filter((result) => result.end === end).length;
  const skipped = Map.groupBy(results.filter(({ end }) => end === "skipped"), ({ name }) => name);
  const byTime = results.toSorted((one, other) => other.seconds - one.seconds).slice(0, slowest);
  return [
    ...byTime.map(({ file, name, seconds }) => `slow: ${seconds.toFixed(1)} s  ${name}  (${file})`),
    ...[...skipped].map(([name, { length }]) => `skipped: ${length} × ${name}`),
    ...unsteady.map((result) => `passed only alone: ${describe(result)}`),
    ...results.filter(({ end }) => end === "failed").map((result) => `failed: ${describe(result)}`),
    `${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`,
  ];
}

function describe({ file, name, reason = "" }: TestResult): string {
  return [`${name}  (${file})`, ...reason.split("\n").filter((line) => line !== "")].join("\n  ");
}

/** A step has the name of its test before its own. */
function isStep(name: string, names: ReadonlySet<string>): boolean {
  return [...name.matchAll(/ > /g)].some(({ index }) => names.has(name.slice(0, index)));
}

function readAttribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return decode(value);
}

function readEnd(inside: string): Pick<TestResult, "end" | "reason"> {
  const text = /<failure[^>]*>(.*?)<\/failure>/s.exec(inside)?.[1];
  if (text === undefined) return { end: inside.includes("<skipped") ? "skipped" : "passed" };
  const lines = decode(text).split("\n").filter((line) => !/^ +at /.test(line));
  return { end: "failed", reason: lines.join("\n").slice(0, LONGEST_REASON) };
}

function decode(text: string): string {
  return text.replace(/&(\w+);/g, (entity, key) => ENTITIES[key] ?? entity);
}

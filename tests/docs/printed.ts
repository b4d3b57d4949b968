import { assertEquals, assertMatch } from "@std/assert";

/** Stands for any text within a string or a line; alone, for any further keys, elements or lines. */
const ANY = "…";
const ANY_LINES = "(?:.*\\n)*?";
/** Fields of an answer whose values differ from run to run, and are compared by type. */
const VARYING = [
  "id",
  "sessionId",
  "executionId",
  "requestId",
  "warm",
  "createdAt",
  "startedAt",
  "lastActivityAt",
  "expiresAt",
  "modifiedAt",
];
/** Fields of an answer that are measured: a number, or null where nothing was measured. */
const MEASURED = [
  ...["wallMs", "startupMs", "cpuMs", "peakMemoryBytes", "durationMs", "score", "memoryMb"],
  ...["memory", "cpu_time", "wall_time", "duration"], // As other protocols spell them.
];

/** Asserts that JSON is what a page says; see {@link ANY}. @throws {AssertionError} */
export function assertPrintsJson(printed: string, expected: string): void {
  const actual: unknown = JSON.parse(printed);
  const wanted: unknown = JSON.parse(expected);
  assertEquals(mask(actual, wanted), wanted);
}

/** Asserts that text is what a page says, but for the width of columns; see {@link ANY}. @throws {AssertionError} */
export function assertPrintsText(printed: string, expected: string): void {
  const lines = squeeze(expected).split("\n").map((line) => line.trim() === ANY ? ANY_LINES : `${toPattern(line)}\n`);
  assertMatch(`${squeeze(printed)}\n`, new RegExp(`^${lines.join("")}$`));
}

/** The actual value, with the wanted one in the places where a page leaves it open. */
function mask(actual: unknown, wanted: unknown, key = ""): unknown {
  if (wanted === ANY) return wanted;
  if (VARYING.includes(key) && typeof actual === typeof wanted) return wanted;
  if (MEASURED.includes(key) && isMeasured(actual) && isMeasured(wanted)) return wanted;
  if (typeof wanted === "string" && typeof actual === "string") {
    return wanted.includes(ANY) && new RegExp(`^${toPattern(wanted, "[^]*")}$`).test(actual) ? wanted : actual;
  }
  if (Array.isArray(wanted) && Array.isArray(actual)) return maskElements(actual, wanted);
  if (isRecord(wanted) && isRecord(actual)) return maskFields(actual, wanted);
  return actual;
}

function maskElements(actual: readonly unknown[], wanted: readonly unknown[]): unknown[] {
  const open = wanted.indexOf(ANY);
  if (open < 0) return actual.map((element, index) => mask(element, wanted[index]));
  const after = wanted.slice(open + 1);
  const last = Math.max(open, actual.length - after.length);
  return [
    ...actual.slice(0, open).map((element, index) => mask(element, wanted[index])),
    ANY,
    ...actual.slice(last).map((element, index) => mask(element, after[index])),
  ];
}

function maskFields(
  actual: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const isOpen = Object.hasOwn(wanted, ANY);
  const kept = Object.entries(actual).filter(([name]) => !isOpen || Object.hasOwn(wanted, name));
  const masked = kept.map(([name, value]) => [name, mask(value, wanted[name], name)]);
  return Object.fromEntries([...masked, ...(isOpen ? [[ANY, wanted[ANY]]] : [])]);
}

function isMeasured(value: unknown): boolean {
  return value === null || typeof value === "number";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function toPattern(text: string, any = ".*"): string {
  return text.split(ANY).map((part) => RegExp.escape(part)).join(any);
}

/** The columns of a table are as wide as their longest cell. */
function squeeze(text: string): string {
  return text.trimEnd().replaceAll(/(?<=\S) {2,}/g, "  ").replaceAll(/ +$/gm, "");
}

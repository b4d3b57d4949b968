import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { z } from "zod";
import { CodeBeakerError, type FieldError } from "../errors.ts";
import { describeFault } from "./describe_fault.ts";

/** Most faults in an error. */
const MAX_ERRORS = 20;

/** Longest name that is quoted whole and gets a suggestion. The cost of a suggestion grows with the length. */
const MAX_NAME_LENGTH = 64;

/** Deepest level that is searched for reserved names; no schema is deeper. */
const MAX_DEPTH = 40;

/** Longest path of a field; a longer one is cut. */
const MAX_PATH_LENGTH = 256;

/** Largest share of different letters in a suggestion. */
const MAX_DIFFERENCE = 0.5;

/** Formats an unknown name for an error message, with the nearest known name, else all. */
export function unknownName(given: string, known: readonly string[]): string {
  const quoted = quoteName(given, known);
  return known.length === 0 || quoted !== JSON.stringify(given) ? quoted : `${quoted} (known: ${known.join(", ")})`;
}

/** Formats an unknown name, with the nearest known name where one is near. */
export function quoteName(given: string, known: readonly string[]): string {
  if (given.length > MAX_NAME_LENGTH) return `${JSON.stringify(given.slice(0, MAX_NAME_LENGTH))}…`;
  const nearest = known.length === 0 ? undefined : closestString(given, known);
  const isNear = nearest !== undefined &&
    levenshteinDistance(given.toLowerCase(), nearest.toLowerCase()) <= given.length * MAX_DIFFERENCE;
  return isNear ? `${JSON.stringify(given)}, did you mean "${nearest}"?` : JSON.stringify(given);
}

/**
 * A schema of an object that refuses unknown fields. The error says which of the object's fields has the unknown
 * field, otherwise it suggests the nearest known name.
 *
 * @param options.known names to suggest; absent, those of the shape
 * @param options.elsewhere what to do instead, by the name of a field that another request takes
 */
export function strictObject<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  { known = Object.keys(shape), elsewhere = {} }: {
    readonly known?: readonly string[];
    readonly elsewhere?: Readonly<Record<string, string>>;
  } = {},
): z.ZodObject<Shape, z.core.$strict> {
  const explain = (key: string) => {
    if (Object.hasOwn(elsewhere, key)) return elsewhere[key];
    const [holder] = Object.entries(shape).find(([, schema]) => hasField(schema, key)) ?? [];
    if (holder !== undefined) return `Give it in ${holder}: {"${holder}": {"${key}": …}}`;
    return `Unknown field ${unknownName(key, known)}`;
  };
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? issue.keys.slice(0, MAX_ERRORS).map(explain).join("\n") : undefined,
  });
}

function hasField(schema: z.core.SomeType, key: string): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return hasField(schema.unwrap(), key);
  return schema instanceof z.ZodObject && Object.hasOwn(schema.shape, key);
}

/** A schema of one of the given names, which suggests the nearest. */
export function oneOf<const Names extends readonly [string, ...string[]]>(
  names: Names,
): z.ZodEnum<z.core.util.ToEnum<Names[number]>> {
  return z.enum(names, {
    error: (issue) => typeof issue.input === "string" ? `Unknown value ${unknownName(issue.input, names)}` : undefined,
  });
}

/**
 * Parses a value of unknown origin by a schema.
 *
 * @throws {CodeBeakerError} `invalid_request`, whose `errors` locate each fault
 */
export function parseAs<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { what }: { readonly what: string },
): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: describeFault });
  const reserved = findPrototypeKey(value);
  if (parsed.success && reserved === undefined) return parsed.data;
  const faults = reserved ?? parsed.error?.issues.flatMap(toFieldErrors) ?? [];
  throw invalidRequest(faults.slice(0, MAX_ERRORS), what);
}

function invalidRequest(errors: readonly FieldError[], what: string): CodeBeakerError {
  const faults = errors.map(({ path, message }) => path === "" ? message : `${path}: ${message}`);
  return new CodeBeakerError("invalid_request", `Cannot read ${what}: ${faults.join("; ")}`, { details: { errors } });
}

/** Finds a `__proto__` key, which JSON can hold and zod drops silently. */
function findPrototypeKey(value: unknown): FieldError[] | undefined {
  const pending: { readonly value: object; readonly path: readonly PropertyKey[] }[] = [];
  const visit = (value: unknown, path: readonly PropertyKey[]) => {
    if (typeof value === "object" && value !== null) pending.push({ value, path });
  };
  visit(value, []);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path } = next;
    if (Object.hasOwn(value, "__proto__")) {
      return [{ path: formatPath([...path, "__proto__"]), message: "This name is reserved" }];
    }
    if (path.length > MAX_DEPTH) continue;
    if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index]));
    else for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
  }
  return undefined;
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === "invalid_key") {
    return [{ path: formatPath(issue.path), message: issue.issues[0]?.message ?? issue.message }];
  }
  if (issue.code !== "unrecognized_keys") return [{ path: formatPath(issue.path), message: issue.message }];
  return issue.message.split("\n").map((message, index) => ({
    path: formatPath([...issue.path, issue.keys[index] ?? ""]),
    message,
  }));
}

/** Writes the path of a field, as `files[0].path`. */
export function formatPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) =>
    typeof part === "number" ? `[${part}]` : `.${JSON.stringify(String(part)).slice(1, -1)}`
  ).join("");
  return text.replace(/^\./, "").slice(0, MAX_PATH_LENGTH);
}

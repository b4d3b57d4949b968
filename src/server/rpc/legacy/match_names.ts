import { z } from "zod";
import { invalidField } from "../../../core/errors.ts";
import { unknownName } from "../../../core/parsing/validation.ts";

/** More than these are not told one by one. */
const MAX_WARNINGS = 20;

/** An object as JSON writes it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Where a value stands, and what is to be told of it. */
export interface Place {
  readonly path: string;
  readonly warnings: string[];
}

/**
 * A value with the names that `schema` knows: names are matched without regard to case and `_`, and so are the values
 * of enumerations. Null stands for what is absent. What the schema does not know is left out, with a warning; nothing
 * is checked.
 *
 * @throws {CodeBeakerError} `invalid_request` for a field that is there twice
 */
export function matchNames(schema: unknown, value: unknown, place: Place): unknown {
  const inner = withoutWrapping(schema);
  if (inner instanceof z.ZodObject && isObject(value)) return matchObject(inner, value, place);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item, index) => matchNames(inner.element, item, { ...place, path: `${place.path}[${index}]` }));
  }
  if (inner instanceof z.ZodEnum && typeof value === "string") {
    return inner.options.find((option) => String(option).toLowerCase() === value.toLowerCase()) ?? value;
  }
  return value;
}

/** A name as it is compared: `include_hidden`, `IncludeHidden` and `includeHidden` are one. */
export function foldName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** Whether a value is a {@link JsonObject}. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Adds a warning, unless there are many already. */
export function warn(warnings: string[], message: string): void {
  if (warnings.length < MAX_WARNINGS) warnings.push(message);
}

/** Warns that a field has no meaning, and names the one that may have been meant. */
function warnUnknown({ path, warnings }: Place, known: readonly string[]): void {
  if (warnings.length >= MAX_WARNINGS) return;
  const at = path.lastIndexOf(".") + 1;
  warn(warnings, `${path.slice(0, at)}${unknownName(path.slice(at), known)}: this field has no meaning here`);
}

function matchObject(schema: z.ZodObject, value: JsonObject, { path, warnings }: Place): unknown {
  const known = Object.keys(schema.shape);
  const names = new Map(known.map((name) => [foldName(name), name]));
  const isOpen = schema.def.catchall instanceof z.ZodUnknown;
  const matched = new Map<string, unknown>();
  for (const [given, field] of Object.entries(value)) {
    const place = { path: path === "" ? given : `${path}.${given}`, warnings };
    const name = names.get(foldName(given));
    if (name === undefined && !isOpen) warnUnknown(place, known);
    if (field === null || (name === undefined && !isOpen)) continue;
    if (matched.has(name ?? given)) throw invalidField(place.path, `"${name}" is there twice: name it once`);
    matched.set(name ?? given, matchNames(name === undefined ? undefined : schema.shape[name], field, place));
  }
  return Object.fromEntries(matched);
}

/** A schema without what makes it optional or goes on with its value. */
function withoutWrapping(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return withoutWrapping(schema.unwrap());
  if (schema instanceof z.ZodPipe) return withoutWrapping(schema.in);
  return schema;
}

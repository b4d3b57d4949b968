import { z } from "zod";
import { invalidField } from "../../../core/errors.ts";
import { unknownName } from "../../../core/parsing/validation.ts";
import { warn } from "../call_context.ts";
import { isObject, type JsonObject } from "../../../core/parsing/json_object.ts";

/** The path of a value, and the warnings about it. */
interface Place {
  readonly path: string;
  readonly warnings: string[];
}

/**
 * Renames the fields of a value as `schema` spells them. Names, and the values of enumerations, match in any case and
 * with or without `_`. A null field is dropped, and so is an unknown one, with a warning. Validates nothing.
 *
 * @throws {CodeBeakerError} `invalid_request` for a field that occurs twice
 */
export function matchNames(schema: unknown, value: unknown, place: Place): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject && isObject(value)) return matchObject(inner, value, place);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item, index) => matchNames(inner.element, item, { ...place, path: `${place.path}[${index}]` }));
  }
  if (inner instanceof z.ZodEnum && typeof value === "string") {
    return inner.options.find((option) => String(option).toLowerCase() === value.toLowerCase()) ?? value;
  }
  return value;
}

/** Folds a name for comparison: `include_hidden`, `IncludeHidden` and `includeHidden` become equal. */
export function foldName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** Warns that a field is ignored, and names the most similar known one. */
function warnUnknown({ path, warnings }: Place, known: readonly string[]): void {
  const at = path.lastIndexOf(".") + 1;
  warn(warnings, `${path.slice(0, at)}${unknownName(path.slice(at), known)}: this field is ignored`);
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
    if (matched.has(name ?? given)) throw invalidField(place.path, `"${name}" occurs twice: name it once`);
    matched.set(name ?? given, matchNames(name === undefined ? undefined : schema.shape[name], field, place));
  }
  return Object.fromEntries(matched);
}

/** The schema inside optional, default and pipe wrappers. */
function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  return schema;
}

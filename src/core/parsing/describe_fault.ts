import type { z } from "zod";

/** A fault that the schema library found, before it has a message. */
type Fault = z.core.$ZodRawIssue;

const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a string",
};

const UNITS: Readonly<Record<string, string>> = {
  array: "items",
  file: "bytes",
  map: "entries",
  set: "items",
  string: "characters",
};

/** Says what a field must be. A schema's own message goes before this one. */
export function describeFault(fault: Fault): string {
  switch (fault.code) {
    case "invalid_type":
      return `Must be ${TYPES[fault.expected] ?? fault.expected}, ${given(fault.input)}`;
    case "invalid_value":
      return `Must be ${fault.values.map((value) => JSON.stringify(value)).join(" or ")}, ${given(fault.input)}`;
    case "too_big":
      return fault.maximum === 0 ? "Must be empty" : `Must be at most ${bound(fault.maximum, fault.origin)}`;
    case "too_small":
      return fault.minimum === 1 && fault.origin in UNITS
        ? "Must not be empty"
        : `Must be at least ${bound(fault.minimum, fault.origin)}`;
    case "invalid_format":
      return fault.pattern === undefined ? `Must be a valid ${fault.format}` : `Must match ${fault.pattern}`;
    case "invalid_union":
      return `Must have one of the forms that the documentation lists, ${given(fault.input)}`;
    default:
      return "Must have the form that the documentation says";
  }
}

function bound(value: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  return unit === undefined ? String(value) : `${value} ${unit} long`;
}

/** Says what a field is instead. */
function given(input: unknown): string {
  if (input === undefined) return "and is missing";
  if (input === null) return "and is null";
  if (Array.isArray(input)) return "and is a list";
  if (typeof input === "boolean" || (typeof input === "number" && !Number.isInteger(input))) return `and is ${input}`;
  return `and is ${TYPES[typeof input] ?? typeof input}`;
}

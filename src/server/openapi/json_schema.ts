import { z } from "zod";
import type { ZodOpenApiOverride } from "zod-openapi";

/** Bounds that zod gives whole numbers without bounds. */
const SAFE: readonly unknown[] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

/**
 * Shows a schema as clients write and read it.
 *
 * - An answer may have further fields, since additions are free.
 * - A number or a truth value in a query is one, and not text.
 * - A value that is converted has the form that is checked, and its default.
 */
export const showSchema: ZodOpenApiOverride = ({ io, jsonSchema, zodSchema }) => {
  const { def } = zodSchema._zod;
  switch (def.type) {
    case "object":
      if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      break;
    case "record":
      delete jsonSchema.propertyNames;
      break;
    case "number":
      if (SAFE.includes(jsonSchema.minimum)) delete jsonSchema.minimum;
      if (SAFE.includes(jsonSchema.maximum)) delete jsonSchema.maximum;
      break;
    case "default":
      if (io === "input") jsonSchema.default ??= def.defaultValue;
      break;
    case "pipe": {
      const shown = io === "input" ? shownInput(def) : undefined;
      if (shown === undefined) break;
      delete jsonSchema.enum;
      delete jsonSchema.pattern;
      Object.assign(jsonSchema, shown);
      break;
    }
  }
};

/** The form of a value that is converted. Undefined where the form before the conversion is enough. */
function shownInput(
  { in: from, out: to }: Pick<z.core.$ZodPipeDef, "in" | "out">,
): z.core.JSONSchema.BaseSchema | undefined {
  if (to instanceof z.ZodNumber) return { type: "integer", minimum: to.minValue ?? 0, maximum: to.maxValue ?? 0 };
  if (from instanceof z.ZodEnum && from.options.includes("true")) return { type: "boolean" };
  if (to instanceof z.ZodRecord) return { type: "object", additionalProperties: {} };
  return undefined;
}

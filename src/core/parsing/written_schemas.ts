import { resolve } from "@std/path";
import { z } from "zod";
import { readBoolean, readList, readWhole } from "./written_values.ts";

/** A value in its own form, or as text of a flag or variable. */
function written<Schema extends z.ZodType>(read: (text: string) => unknown, schema: Schema) {
  return z.preprocess((value) => typeof value === "string" ? read(value) : value, schema);
}

/** A whole number between two bounds, both included. */
export function wholeNumber(min: number, max: number) {
  return written(readWhole, z.int().min(min).max(max));
}

/** A list; in text, commas separate its items. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return written(readList, z.array(item));
}

/** A value that text holds as JSON. */
export function jsonOf<Schema extends z.ZodType>(schema: Schema) {
  const parse = (value: unknown, context: z.RefinementCtx) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch {
      context.addIssue({ code: "custom", message: "Must be JSON" });
      return z.NEVER;
    }
  };
  return z.preprocess(parse, schema);
}

/** `true` or `false`. */
export const yesOrNo = written(readBoolean, z.boolean());

/** A URL of a server. */
export const httpUrl = z.url({ protocol: /^https?$/, error: "Must be a URL of http or https" });

/** An absolute path. */
export const absolutePath = z.string().startsWith("/", "Must be an absolute path");

/** A path. A relative one is below the working directory. */
export const somePath = z.string().min(1, "Must be a path").transform((path) => resolve(path));

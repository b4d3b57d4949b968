import type { z } from "zod";

/** The type of an answer, from its schema. An answer does not change once it is made. */
export type Answer<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

type Frozen<Value> = Value extends readonly (infer Item)[] ? readonly Frozen<Item>[]
  : Value extends object ? { readonly [Name in keyof Value]: Frozen<Value[Name]> }
  : Value;

import { z } from "zod";
import { strictObject } from "../core/validation.ts";

/** What `copy_file` and `move_file` are told. */
export const transferSchema = strictObject({
  source: z.string().min(1),
  destination: z.string().min(1),
  overwrite: z.boolean().default(true),
});

/** The original's names of their fields. */
export const transferAliases = { sourcePath: "source", destinationPath: "destination" };

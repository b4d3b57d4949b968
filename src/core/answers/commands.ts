import { z } from "zod";
import { executionSchema } from "./execution.ts";
import { countSchema, durationSchema } from "./fields.ts";
import { treeSchema } from "./files.ts";
import { problemSchema } from "./problem.ts";

/** The result of a command that uses one path. */
export const pathResultSchema = z.strictObject({ path: z.string() }).meta({
  id: "PathResult",
  description: "The path that was used, relative to the workspace",
});

/** The result of `write_file`. */
export const writeResultSchema = z.strictObject({
  path: z.string(),
  bytes: countSchema.describe("The bytes that were written"),
}).meta({ id: "WriteResult", description: "What was written" });

/** The result of `read_file`. */
export const readResultSchema = z.strictObject({
  path: z.string(),
  content: z.string(),
  encoding: z.enum(["utf8", "base64"]),
  bytes: countSchema.describe("The bytes that were read"),
}).meta({ id: "ReadResult", description: "The content of a file, or of a part of it" });

/** The result of `copy_file` and `move_file`. */
export const transferResultSchema = z.strictObject({ source: z.string(), destination: z.string() }).meta({
  id: "TransferResult",
  description: "The paths of a copied or moved file, relative to the workspace",
});

/** The result of `diff`. */
export const diffResultSchema = z.strictObject({
  diff: z.string().describe("A unified diff that apply_patch takes; empty when the texts are identical"),
  addedLines: countSchema,
  removedLines: countSchema,
  identical: z.boolean(),
}).meta({ id: "DiffResult", description: "The difference of two texts" });

/** The result of `apply_patch`. */
export const patchResultSchema = z.strictObject({
  filesPatched: countSchema.describe("Files that were changed, or would be with dryRun"),
  hunksApplied: countSchema,
  hunksFailed: countSchema.describe("All hunks of the files that were left unchanged"),
  errors: z.array(z.string()).describe("Why each of those files was left unchanged"),
}).meta({ id: "PatchResult", description: "The result of a patch" });

/** The schema of each command's result, by the type of the command. */
export const COMMAND_RESULTS = {
  execute_code: executionSchema,
  execute_shell: executionSchema,
  write_file: writeResultSchema,
  read_file: readResultSchema,
  create_directory: pathResultSchema,
  copy_file: transferResultSchema,
  move_file: transferResultSchema,
  delete_file: pathResultSchema,
  list_directory: treeSchema,
  install_packages: executionSchema,
  diff: diffResultSchema,
  apply_patch: patchResultSchema,
};

const commandFields = {
  id: z.string().exactOptional().describe("The id of the command, if it had one"),
  durationMs: durationSchema,
};

/** The answer to a command, whose result is that of its type. */
export const commandAnswerSchema = z.union([
  z.strictObject({
    ...commandFields,
    success: z.boolean().describe("Whether the command did its work; for a program, whether it exited with 0"),
    result: z.union([
      executionSchema,
      writeResultSchema,
      readResultSchema,
      pathResultSchema,
      transferResultSchema,
      treeSchema,
      diffResultSchema,
      patchResultSchema,
    ]).describe("The result by the type of the command"),
  }),
  z.strictObject({
    ...commandFields,
    success: z.literal(false),
    error: problemSchema,
  }),
]).meta({ id: "CommandAnswer", description: "The result of a command, or why there is none" });

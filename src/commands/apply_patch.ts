import { z } from "zod";
import { strictObject } from "../core/parsing/validation.ts";
import { defineFileCommand } from "./command.ts";
import { readPatch } from "./patch_files.ts";
import { PatchPlan } from "./patch_plan.ts";
import { TextWorkerPool } from "./text_worker_pool.ts";

/** What became of a patch. */
export interface PatchResult {
  /** How many files were changed, or would be with `dryRun`. */
  readonly filesPatched: number;
  readonly hunksApplied: number;
  /** The hunks of every file that was left as it was. */
  readonly hunksFailed: number;
  /** Why each of those files was left. */
  readonly errors: readonly string[];
}

/**
 * Applies a unified diff of any number of files, with no fuzz: each file wholly or not at all. A path loses its first
 * `strip` parts, as by `patch -p`; with none to lose, git's `a/` and `b/` are dropped unless they lead to a file.
 */
export const applyPatch = defineFileCommand({
  type: "apply_patch",
  aliases: [],
  fieldAliases: { dry_run: "dryRun" },
  schema: strictObject({
    patch: z.string().min(1).refine((text) => text.isWellFormed(), "A patch is well-formed Unicode"),
    strip: z.int().min(0).max(64).default(0),
    dryRun: z.boolean().default(false),
  }),
  async run({ id, files }, { patch, strip, dryRun }, { signal, texts }): Promise<PatchResult> {
    using desk = await (texts ?? new TextWorkerPool()).take({ owner: id, signal });
    const plan = new PatchPlan(files, desk);
    const applied = { filesPatched: 0, hunksApplied: 0, hunksFailed: 0 };
    const errors: string[] = [];
    for (const file of await readPatch(patch, { strip, desk })) {
      const fault = await plan.add(file);
      if (fault === undefined) {
        applied.filesPatched++;
        applied.hunksApplied += file.hunks.length;
      } else {
        applied.hunksFailed += file.hunks.length;
        errors.push(`${file.label}: ${fault}`);
      }
    }
    if (!dryRun) await plan.write();
    return { ...applied, errors };
  },
  succeeded: ({ errors }) => errors.length === 0,
});

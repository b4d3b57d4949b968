import { z } from "zod";
import type { Answer } from "../core/answers/answer.ts";
import type { patchResultSchema } from "../core/answers/commands.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { defineFileCommand } from "./command.ts";
import { parsePatch } from "./texts/parse_patch.ts";
import { PatchPlan } from "./texts/patch_plan.ts";
import { TextWorkerPool } from "./texts/text_worker_pool.ts";

/**
 * Applies a unified diff of any number of files without fuzz. Each file changes wholly or not at all. Paths lose their
 * first `strip` parts, as by `patch -p`; without `strip`, git's `a/` and `b/` are dropped unless they lead to a file.
 */
export const applyPatch = defineFileCommand({
  type: "apply_patch",
  aliases: [],
  fieldAliases: { dry_run: "dryRun" },
  schema: strictObject({
    patch: z.string().min(1).refine((text) => text.isWellFormed(), "A patch is well-formed Unicode")
      .describe("A unified diff"),
    strip: z.int().min(0).max(64).default(0).describe("Leading parts that paths lose"),
    dryRun: z.boolean().default(false).describe("Changes nothing"),
  }),
  async run({ id, files }, { patch, strip, dryRun }, { signal, texts }): Promise<Answer<typeof patchResultSchema>> {
    using worker = await (texts ?? new TextWorkerPool()).acquire({ owner: id, signal });
    const plan = new PatchPlan(files, worker);
    const applied = { filesPatched: 0, hunksApplied: 0, hunksFailed: 0 };
    const errors: string[] = [];
    for (const file of await parsePatch(patch, { strip, worker })) {
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

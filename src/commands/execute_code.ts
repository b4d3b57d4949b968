import { z } from "zod";
import { invalidField } from "../core/errors.ts";
import { canonicalLanguage } from "../core/languages.ts";
import { LIMITS, timeoutSchema, withTimeout } from "../core/limits.ts";
import { argumentsSchema, checkCodeSize } from "../core/content.ts";
import { strictObject } from "../core/validation.ts";
import { defineProgramCommand } from "./command.ts";
import { runProgram } from "./run_program.ts";

/** Writes code to `main.<ext>` and runs it. */
export const executeCode = defineProgramCommand({
  type: "execute_code",
  aliases: ["execute"],
  fieldAliases: {},
  schema: strictObject({
    code: z.string(),
    language: z.string().min(1).max(64).optional(),
    args: argumentsSchema,
    stdin: z.string().default(""),
    timeoutMs: timeoutSchema,
    timeout: z.number().positive().max(LIMITS.timeoutMs.max / 1000).optional().describe("timeoutMs, in seconds"),
  }),
  async run(environment, { code, language, args, stdin, timeoutMs, timeout }, context) {
    checkCodeSize(code);
    if (timeoutMs !== undefined && timeout !== undefined) {
      throw invalidField("timeout", '"timeout" is "timeoutMs" in seconds: name one of them');
    }
    const path = environment.mainFile(language === undefined ? undefined : canonicalLanguage(language));
    await environment.files.write(path, new TextEncoder().encode(code));
    const limits = withTimeout(
      context,
      timeoutMs ?? (timeout === undefined ? undefined : Math.ceil(timeout * 1000)),
    );
    return await runProgram(environment, { kind: "file", path, args }, { ...context, stdin, limits });
  },
});

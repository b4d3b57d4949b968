import { z } from "zod";
import { canonicalLanguage } from "../core/languages.ts";
import { withTimeout } from "../core/limits.ts";
import { argumentsSchema, codeEncodingSchema, decodeCode } from "../core/requests/content.ts";
import { strictObject } from "../core/parsing/validation.ts";
import { FIXED_BY_SESSION } from "../core/requests/session_request.ts";
import { defineProgramCommand } from "./command.ts";
import { runProgram } from "./run_program.ts";
import { programFields, TIMEOUT_ALIASES, timeoutOf } from "./program_fields.ts";

/** Writes code to `main.<ext>` and runs it. */
export const executeCode = defineProgramCommand({
  type: "execute_code",
  aliases: ["execute"],
  fieldAliases: TIMEOUT_ALIASES,
  schema: strictObject({
    code: z.string(),
    encoding: codeEncodingSchema,
    language: z.string().min(1).max(64).optional().describe("Absent, the session's"),
    args: argumentsSchema,
    stdin: z.string().optional(),
    ...programFields,
  }, { elsewhere: FIXED_BY_SESSION }),
  isFed: ({ stdin }) => stdin === undefined,
  async run(environment, { code, encoding, language, args, stdin, ...time }, context) {
    const bytes = decodeCode({ code, encoding }) ?? new Uint8Array();
    const limits = withTimeout(context, timeoutOf(time));
    const path = environment.mainFile(language === undefined ? undefined : canonicalLanguage(language));
    await environment.files.write(path, bytes);
    return await runProgram(environment, { kind: "file", path, args }, {
      ...context,
      ...(stdin === undefined ? {} : { stdin }),
      limits,
    });
  },
});

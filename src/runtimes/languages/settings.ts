import { z } from "zod";
import { canonicalLanguage } from "../../core/languages.ts";

/** A command line: words, of which `{file}` stands for the program's file and `{output}` for its compiler's directory. */
const words = z.array(z.string().min(1)).min(1);

/** What an operator says of a language wherever its programs run. */
export const LANGUAGE_FIELDS = {
  file: z.string().regex(/^[A-Za-z0-9_.-]+$/).optional(),
  compile: words.optional(),
  run: words.optional(),
  env: z.record(z.string(), z.string()).optional(),
};

/** Languages by name, whatever an operator says of each. One that is not built in needs every field of a list. */
export function languagesSchema<Fields extends z.ZodType<Readonly<Record<string, unknown>>>>(
  fields: Fields,
  { isBuiltIn, needs, what }: {
    isBuiltIn(name: string): boolean;
    readonly needs: readonly string[];
    /** The word for one of them. */
    readonly what: string;
  },
) {
  return z.record(z.string().regex(/^[a-z][a-z0-9_+#.-]{0,63}$/), fields).superRefine((languages, context) => {
    for (const [given, language] of Object.entries(languages)) {
      if (isBuiltIn(canonicalLanguage(given))) continue;
      for (const field of needs) {
        if (language[field] !== undefined) continue;
        context.addIssue({ code: "custom", path: [given, field], message: `${what} that is not built in needs it` });
      }
    }
  });
}

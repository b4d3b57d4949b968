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
  { builtIn, needs, what }: {
    readonly builtIn: Readonly<Record<string, unknown>>;
    readonly needs: readonly string[];
    /** The word for one of them. */
    readonly what: string;
  },
) {
  return z.record(z.string().regex(/^[a-z][a-z0-9_+#.-]{0,63}$/), fields).superRefine((languages, context) => {
    for (const [given, language] of Object.entries(languages)) {
      if (Object.hasOwn(builtIn, canonicalLanguage(given))) continue;
      for (const field of needs) {
        if (language[field] !== undefined) continue;
        context.addIssue({ code: "custom", path: [given, field], message: `${what} that is not built in needs it` });
      }
    }
  });
}

/** The built-in languages, of which the operator's replace those with the same name or alias, and complete themselves. */
export function withConfigured<Row, Configured>(
  builtIn: Readonly<Record<string, Row>>,
  configured: Readonly<Record<string, Configured>>,
  { complete }: { complete(known: Row | undefined, configured: Configured): Row },
): Readonly<Record<string, Row>> {
  const completed = Object.entries(configured).map(([given, language]) => {
    const name = canonicalLanguage(given);
    return [name, complete(Object.hasOwn(builtIn, name) ? builtIn[name] : undefined, language)] as const;
  });
  return { ...builtIn, ...Object.fromEntries(completed) };
}

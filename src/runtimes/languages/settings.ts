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

/** The fields of a language that every runtime reads. */
type LanguageFields = z.output<z.ZodObject<typeof LANGUAGE_FIELDS>>;

/** The schema of languages by name. One that is not built in needs every field of a list. */
export function languagesSchema<Fields extends z.ZodType<LanguageFields & Readonly<Record<string, unknown>>>>(
  fields: Fields,
  { builtIn, needs, placeholders, what }: {
    readonly builtIn: Readonly<Record<string, unknown>>;
    readonly needs: readonly string[];
    /** The words in braces that this runtime replaces. */
    readonly placeholders: readonly string[];
    /** The word for one of them. */
    readonly what: string;
  },
) {
  return z.record(z.string().regex(/^[a-z][a-z0-9_+#.-]{0,63}$/), fields).superRefine((languages, context) => {
    for (const [given, language] of Object.entries(languages)) {
      for (const [field, message] of linesAmiss(language, placeholders)) {
        context.addIssue({ code: "custom", path: [given, field], message });
      }
      if (Object.hasOwn(builtIn, canonicalLanguage(given))) continue;
      for (const field of needs) {
        if (language[field] !== undefined) continue;
        context.addIssue({ code: "custom", path: [given, field], message: `${what} that is not built in needs it` });
      }
    }
  });
}

/** The command lines that cannot run their program, and why. */
function linesAmiss({ compile, run }: LanguageFields, placeholders: readonly string[]): [field: string, why: string][] {
  const amiss: [string, string][] = [];
  for (const [field, line] of Object.entries({ compile, run })) {
    const unknown = line?.find((word) => /^\{\w+\}$/.test(word) && !placeholders.includes(word));
    if (unknown === undefined) continue;
    amiss.push([
      field,
      `A word in braces is one of ${placeholders.join(" ")}: current value is ${JSON.stringify(unknown)}`,
    ]);
  }
  const [field, first] = compile === undefined ? ["run", run] as const : ["compile", compile] as const;
  if (first !== undefined && first.length > 0 && !first.some((word) => word.includes("{file}"))) {
    amiss.push([field, 'One of the words holds "{file}", the program\'s file']);
  }
  return amiss;
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

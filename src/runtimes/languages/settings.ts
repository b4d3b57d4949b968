import { z } from "zod";
import { canonicalLanguage } from "../../core/languages.ts";

/** The words of a command line. `{file}` stands for the program's file and `{output}` for its compiler's directory. */
const words = z.array(z.string().min(1)).min(1);

/** The fields of a configured language on every runtime. */
export const LANGUAGE_FIELDS = {
  file: z.string().regex(/^[A-Za-z0-9_.-]+$/).optional(),
  compile: words.optional(),
  run: words.optional(),
  env: z.record(z.string(), z.string()).optional(),
};

/** The fields of a language that every runtime reads. */
type LanguageFields = z.output<z.ZodObject<typeof LANGUAGE_FIELDS>>;

/** The schema of configured languages by name. A language that is not built in needs every field of `needs`. */
export function languagesSchema<Fields extends z.ZodType<LanguageFields & Readonly<Record<string, unknown>>>>(
  fields: Fields,
  { builtIn, needs, placeholders, what }: {
    readonly builtIn: Readonly<Record<string, unknown>>;
    readonly needs: readonly string[];
    /** The words in braces that this runtime replaces. */
    readonly placeholders: readonly string[];
    /** The word for one language, for a message. */
    readonly what: string;
  },
) {
  return z.record(z.string().regex(/^[a-z][a-z0-9_+#.-]{0,63}$/), fields).superRefine((languages, context) => {
    for (const [given, language] of Object.entries(languages)) {
      for (const [field, message] of invalidLines(language, placeholders)) {
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
function invalidLines(
  { compile, run }: LanguageFields,
  placeholders: readonly string[],
): [field: string, why: string][] {
  const found: [string, string][] = [];
  for (const [field, line] of Object.entries({ compile, run })) {
    const unknown = line?.find((word) => /^\{\w+\}$/.test(word) && !placeholders.includes(word));
    if (unknown === undefined) continue;
    found.push([
      field,
      `A word in braces is one of ${placeholders.join(" ")}: current value is ${JSON.stringify(unknown)}`,
    ]);
  }
  const [field, first] = compile === undefined ? ["run", run] as const : ["compile", compile] as const;
  if (first !== undefined && first.length > 0 && !first.some((word) => word.includes("{file}"))) {
    found.push([field, 'One of the words holds "{file}", the program\'s file']);
  }
  return found;
}

/**
 * The built-in languages with the operator's. A configured language takes the place of the one with its name or alias,
 * which completes it.
 */
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

import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { z } from "zod";
import { canonicalLanguage } from "../../core/languages.ts";

/** The words of a command line. `{file}` stands for the program's file and `{output}` for its compiler's directory. */
const words = z.array(z.string().min(1)).min(1, "At least one word");

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
  { builtIn, needs, needsPlaceholder, placeholders, what }: {
    readonly builtIn: Readonly<Record<string, unknown>>;
    readonly needs: readonly string[];
    /** A placeholder without which the first command line cannot run its program. Default: none is needed. */
    readonly needsPlaceholder?: "{file}";
    /** The names in braces that this runtime replaces. */
    readonly placeholders: readonly string[];
    /** The word for one language, for a message. */
    readonly what: string;
  },
) {
  return z.record(z.string().regex(/^[a-z][a-z0-9_+#.-]{0,63}$/), fields).superRefine((languages, context) => {
    for (const [given, language] of Object.entries(languages)) {
      for (const [field, message] of invalidLines(language, { needsPlaceholder, placeholders })) {
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
  { needsPlaceholder, placeholders }: {
    readonly needsPlaceholder: string | undefined;
    readonly placeholders: readonly string[];
  },
): [field: string, why: string][] {
  const found: [string, string][] = [];
  for (const [field, line] of Object.entries({ compile, run })) {
    const [given, meant] = line?.flatMap((word) => misspeltIn(word, placeholders))[0] ?? [];
    if (given !== undefined) found.push([field, `Unknown placeholder ${given}, did you mean ${meant}?`]);
  }
  const [field, first] = compile === undefined ? ["run", run] as const : ["compile", compile] as const;
  if (needsPlaceholder === undefined || first === undefined || first.length === 0) return found;
  if (!first.some((word) => word.includes(needsPlaceholder))) {
    found.push([field, `One of the words holds "${needsPlaceholder}", the program's file`]);
  }
  return found;
}

/**
 * The names in braces that are a placeholder but for one slip, each with that. Other braces are the command's own, as
 * those of awk and of a shell's variables are.
 */
function misspeltIn(word: string, placeholders: readonly string[]): [given: string, meant: string][] {
  return [...word.matchAll(/(?<!\$)\{\w{1,20}\}/g)].flatMap(([given]): [string, string][] => {
    const meant = placeholders.find((known) => isSlipOf(known, given));
    return meant === undefined || placeholders.includes(given) ? [] : [[given, meant]];
  });
}

/** Whether a text is another with one slip: one letter, two swapped letters, or case. */
function isSlipOf(meant: string, given: string): boolean {
  const [known, written] = [meant.toLowerCase(), given.toLowerCase()];
  const at = [...known].findIndex((letter, index) => letter !== written[index]);
  const swapped = `${known.slice(0, at)}${known.charAt(at + 1)}${known.charAt(at)}${known.slice(at + 2)}`;
  return levenshteinDistance(written, known) <= 1 || written === swapped;
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

import type { Answer } from "../../core/answers/answer.ts";
import type { languageDescriptionSchema } from "../../core/answers/runtime.ts";
import { describeObstacle } from "../../core/capabilities.ts";
import { aliasesOf } from "../../core/languages.ts";
import type { RuntimeDescription } from "./description.ts";

/** A language as `GET /v1/languages` shows it. */
export type LanguageDescription = Answer<typeof languageDescriptionSchema>;

/**
 * Describes every language that some runtime supports, in the order of the runtimes. The reason of a language on a
 * runtime counts before that of the runtime, which may be the reason of another of its languages.
 */
export function describeLanguages(runtimes: readonly RuntimeDescription[]): LanguageDescription[] {
  const places = runtimes.flatMap((runtime) => runtime.environments.map((environment) => ({ runtime, environment })));
  return [...Map.groupBy(places, ({ environment }) => environment.name)].map(([name, found]) => {
    const available = found.some(({ runtime, environment }) => runtime.available && environment.available);
    const reasons = found.map(({ runtime, environment }) =>
      `${runtime.name}: ${describeObstacle(environment.available ? runtime : environment)}`
    );
    return {
      name,
      aliases: aliasesOf(name),
      available,
      ...(available ? {} : { reason: reasons.join("; ") }),
      runtimes: found.map(({ runtime }) => runtime.name),
      contexts: found.some(({ environment }) => environment.contexts),
    };
  });
}

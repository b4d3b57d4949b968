import { describeObstacle } from "../../core/capabilities.ts";
import { aliasesOf } from "../../core/languages.ts";
import type { RuntimeDescription } from "./description.ts";

/** A language as `GET /v1/languages` shows it. */
export interface LanguageDescription {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Whether some runtime can run it now. */
  readonly available: boolean;
  /** Why no runtime can, and the remedy. */
  readonly reason?: string;
  /** The names of the runtimes that support it, available or not. */
  readonly runtimes: readonly string[];
  /** Whether one of them has contexts for it. */
  readonly contexts: boolean;
}

/** Describes every language that some runtime supports, in the order of the runtimes. */
export function describeLanguages(runtimes: readonly RuntimeDescription[]): LanguageDescription[] {
  const places = runtimes.flatMap((runtime) => runtime.environments.map((environment) => ({ runtime, environment })));
  return [...Map.groupBy(places, ({ environment }) => environment.name)].map(([name, found]) => {
    const available = found.some(({ runtime, environment }) => runtime.available && environment.available);
    const reasons = found.map(({ runtime, environment }) =>
      `${runtime.name}: ${describeObstacle(runtime.available ? environment : runtime)}`
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

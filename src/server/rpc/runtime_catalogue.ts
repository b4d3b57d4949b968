import type { Answer } from "../../core/answers/answer.ts";
import type { legacyLanguageSchema } from "../../core/answers/legacy.ts";
import type { RuntimeDescription } from "../../runtimes/selection/description.ts";
import type { EnginePort } from "../../engine/port.ts";
import type { Peer } from "./call_context.ts";

/** A language and the first available runtime for it. */
export type AvailableLanguage = Answer<typeof legacyLanguageSchema>;

/** Finds runtimes by the names and spellings that clients use. */
export class RuntimeCatalogue {
  readonly #engine: Pick<EnginePort, "describeRuntimes">;
  /** Types by runtime name; they do not change while the service runs. */
  #types: ReadonlyMap<string, string> | undefined;

  constructor(engine: Pick<EnginePort, "describeRuntimes">) {
    this.#engine = engine;
  }

  describe(): Promise<RuntimeDescription[]> {
    return this.#engine.describeRuntimes();
  }

  /** Every language that can run now. */
  async languages(): Promise<AvailableLanguage[]> {
    const languages = new Map<string, AvailableLanguage>();
    for (const { name: runtime, available, environments } of await this.describe()) {
      for (const { name, available: canRun } of environments) {
        if (available && canRun && !languages.has(name)) languages.set(name, { name, runtime });
      }
    }
    return [...languages.values()];
  }

  /** The type of a runtime in the original's spelling. It is the name of a runtime that no longer exists. */
  async typeOf(runtime: string): Promise<string> {
    return (await this.#typesByName()).get(runtime) ?? runtime;
  }

  /** Replaces the runtime of a request by its name. A client that is not strict gives its type or name, in any case. */
  async resolveRuntime(
    request: Readonly<Record<string, unknown>>,
    { isStrict }: Pick<Peer, "isStrict">,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { runtime } = request;
    if (isStrict || typeof runtime !== "string") return request;
    const given = runtime.toLowerCase();
    const types = [...await this.#typesByName()];
    const found = types.find(([name, type]) => name.toLowerCase() === given || type.toLowerCase() === given);
    return { ...request, runtime: found?.[0] ?? runtime };
  }

  async #typesByName(): Promise<ReadonlyMap<string, string>> {
    this.#types ??= new Map((await this.describe()).map(({ name, type }) => [name, type]));
    return this.#types;
  }
}

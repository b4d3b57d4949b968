import type { RuntimeDescription } from "../../runtimes/selection/description.ts";
import type { EnginePort } from "../../engine/port.ts";

/** A language and the first available runtime that speaks it. */
export interface SpokenLanguage {
  readonly name: string;
  readonly runtime: string;
}

/** The runtimes by the names and in the spelling that clients use. */
export class RuntimeCatalogue {
  readonly #engine: Pick<EnginePort, "describeRuntimes">;
  /** Types by names; they do not change while the service runs. */
  #types: ReadonlyMap<string, string> | undefined;

  constructor(engine: Pick<EnginePort, "describeRuntimes">) {
    this.#engine = engine;
  }

  describe(): Promise<RuntimeDescription[]> {
    return this.#engine.describeRuntimes();
  }

  /** Every language that can be spoken now. */
  async languages(): Promise<SpokenLanguage[]> {
    const spoken = new Map<string, SpokenLanguage>();
    for (const { name: runtime, available, environments } of await this.describe()) {
      for (const { name, available: isSpoken } of environments) {
        if (available && isSpoken && !spoken.has(name)) spoken.set(name, { name, runtime });
      }
    }
    return [...spoken.values()];
  }

  /** The type of a runtime in the original's spelling; the name itself of one that is not there any more. */
  async typeOf(runtime: string): Promise<string> {
    return (await this.#typesByName()).get(runtime) ?? runtime;
  }

  /** A request whose runtime may be named by its type or its name, in any case. */
  async resolveRuntime(request: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    const { runtime } = request;
    if (typeof runtime !== "string") return request;
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

import { type Availability, describeObstacle } from "../../core/capabilities.ts";
import type { Diagnosis, LanguageFinding } from "../../core/diagnosis.ts";
import type { Surface } from "../../core/needs.ts";
import { unsupportedLanguage } from "../../core/languages.ts";
import type {
  Assessment,
  AvailabilityOptions,
  ExecutionEnvironment,
  LoadedRuntime,
  RuntimeConfig,
  RuntimeHost,
  SelfTestDemand,
} from "../port.ts";
import { presenceOf } from "./find_binary.ts";
import { whyUnconfined } from "./isolation.ts";
import { createProcessRuntime } from "./process_runtime.ts";
import type { ProcessSpec } from "./spec.ts";

/** One language, as a runtime of its own. */
interface Language {
  readonly spec: ProcessSpec;
  readonly runtime: LoadedRuntime;
}

/** The runtime of one spec for each language, by environment name, for one host. */
export function createCompositeRuntime(
  languages: Readonly<Record<string, ProcessSpec>>,
  host: RuntimeHost,
): LoadedRuntime {
  return new CompositeRuntime(languages, host);
}

/** Languages that each have a binary, a self-test and warm programs of their own. */
class CompositeRuntime implements LoadedRuntime {
  readonly #languages: ReadonlyMap<string, Language>;
  readonly #confinement: RuntimeHost["confinement"];
  /** The languages that were asked for: the self-test of each runs or is over. */
  readonly #asked = new Set<string>();

  constructor(languages: Readonly<Record<string, ProcessSpec>>, host: RuntimeHost) {
    this.#confinement = host.confinement;
    this.#languages = new Map(
      Object.entries(languages).map(([name, spec]) => [name, { spec, runtime: createProcessRuntime(spec, host) }]),
    );
  }

  /** Whether a language is available; without a language, whether any is present. */
  async isAvailable(environment?: string, options?: AvailabilityOptions): Promise<Availability> {
    if (environment !== undefined) return await this.#ask(environment, options).isAvailable(environment, options);
    const specs = [...this.#languages.values()].map(({ spec }) => spec);
    const obstacles = specs.map(({ permissions: checks }) => whyUnconfined({ checks, confinement: this.#confinement }));
    if (obstacles[0] !== undefined && !obstacles.includes(undefined)) return { available: false, ...obstacles[0] };
    const found = specs.map(({ binary }) => presenceOf(binary));
    const [first = { available: true }] = found;
    if (first.available || found.some(({ available }) => available)) return { available: true };
    return { ...first, reason: `none of its languages is here: ${first.reason}` };
  }

  pendingSelfTest({ environment, ...demand }: SelfTestDemand): (() => Promise<void>) | undefined {
    if (environment === undefined) return undefined;
    const pending = this.#language(environment).runtime.pendingSelfTest?.(demand);
    return pending === undefined ? undefined : () => {
      this.#asked.add(environment);
      return pending();
    };
  }

  surface(environment: string): Surface | undefined {
    return this.#languages.get(environment)?.runtime.surface?.(environment);
  }

  revision(environment: string): number | undefined {
    return this.#languages.get(environment)?.runtime.revision?.(environment);
  }

  /**
   * Reports the layers, and the canaries of the languages that were asked for. Where none was, it tests the first
   * language that is here. All languages have the same layers, and to test each takes half a minute of processor time.
   */
  async diagnose(): Promise<Diagnosis> {
    const all = [...this.#languages].map(([name, { runtime, spec }]) => ({
      name,
      runtime,
      presence: presenceOf(spec.binary),
    }));
    const here = all.filter(({ presence }) => presence.available);
    const asked = here.filter(({ name }) => this.#asked.has(name));
    const tested = [asked, here.slice(0, 1), all.slice(0, 1)].find(({ length }) => length > 0) ?? [];
    const languages = all.map((one) => findingOf(one, { isTested: tested.includes(one) }));
    const diagnoses: Diagnosis[] = [];
    for (const { name, runtime } of tested) {
      const diagnosis = await runtime.diagnose(); // One after another: each runs several programs at a time.
      const canaries = diagnosis.canaries.map((canary) => ({ ...canary, name: `${name}: ${canary.name}` }));
      diagnoses.push({ ...diagnosis, canaries });
    }
    const weakest = diagnoses.toSorted((one, other) => one.level - other.level)[0];
    if (weakest === undefined) return { level: 0, layers: [], canaries: [], languages };
    return { ...weakest, canaries: diagnoses.flatMap(({ canaries }) => canaries), languages };
  }

  async assess(config: RuntimeConfig, options?: AvailabilityOptions): Promise<Assessment> {
    return await this.#ask(config.environment, options).assess(config, options);
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    return await this.#language(config.environment).runtime.createEnvironment(config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#languages.values()].map(({ runtime }) => runtime[Symbol.asyncDispose]()));
  }

  /** The runtime of a language, for a question that a self-test answers. */
  #ask(
    name: string,
    { assumesSelfTest = false, assumesUntested = assumesSelfTest }: AvailabilityOptions = {},
  ): LoadedRuntime {
    const { runtime } = this.#language(name);
    if (!assumesUntested) this.#asked.add(name);
    return runtime;
  }

  #language(name: string): Language {
    const language = this.#languages.get(name);
    if (language === undefined) throw unsupportedLanguage(name, [...this.#languages.keys()]);
    return language;
  }
}

function findingOf(
  { name, presence }: { readonly name: string; readonly presence: Availability },
  { isTested }: { readonly isTested: boolean },
): LanguageFinding {
  if (!presence.available) return { name, isHere: false, detail: describeObstacle(presence) };
  return { name, isHere: true, detail: isTested ? "on this machine" : "on this machine, tested at its first use" };
}

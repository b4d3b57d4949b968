import { type Availability, describeObstacle, type RuntimeCapabilities } from "../../core/capabilities.ts";
import type { Diagnosis, LanguageFinding } from "../../core/diagnosis.ts";
import type { Surface } from "../../core/needs.ts";
import { unsupportedLanguage } from "../../core/languages.ts";
import { presenceOf } from "../process/find_binary.ts";
import { createProcessRuntime } from "../process/process_runtime.ts";
import type { ProcessSpec } from "../process/spec.ts";
import type {
  Assessment,
  AvailabilityOptions,
  ExecutionEnvironment,
  ExecutionRuntime,
  RuntimeConfig,
  RuntimeHost,
} from "../port.ts";
import type { RuntimeFacts } from "../entry.ts";
import { nativeFacts } from "./facts.ts";
import { nativeSpec } from "./native_spec.ts";
import { languagesOf } from "./settings.ts";

/** One language, as a runtime of its own. */
interface Language {
  readonly spec: ProcessSpec;
  readonly runtime: ExecutionRuntime;
}

/** Languages of this machine: each has a binary, a self-test and warm programs of its own. */
export class NativeRuntime implements ExecutionRuntime {
  readonly name: string;
  readonly type: ExecutionRuntime["type"];
  readonly supportedEnvironments: readonly string[];
  readonly contextEnvironments: readonly string[];
  readonly #facts: RuntimeFacts;
  readonly #languages: ReadonlyMap<string, Language>;
  /** The languages that somebody has asked for, each of which has a self-test that runs or is over. */
  readonly #asked = new Set<string>();

  constructor(host: RuntimeHost) {
    const facts = nativeFacts(host);
    this.name = facts.name;
    this.type = facts.type;
    this.supportedEnvironments = facts.supportedEnvironments;
    this.contextEnvironments = facts.contextEnvironments;
    this.#facts = facts;
    this.#languages = new Map(
      Object.entries(languagesOf(host)).map((entry) => {
        const spec = nativeSpec(host, entry);
        return [entry[0], { spec, runtime: createProcessRuntime(spec, host) }];
      }),
    );
  }

  /** Without a language: whether there is any. */
  async isAvailable(environment?: string, options?: AvailabilityOptions): Promise<Availability> {
    if (environment !== undefined) return await this.#ask(environment, options).isAvailable(environment, options);
    const found = [...this.#languages.values()].map(({ spec }) => presenceOf(spec.binary));
    return found.find(({ available }) => available) ?? found[0] ?? { available: true };
  }

  getCapabilities(environment = ""): RuntimeCapabilities {
    return { ...this.#facts.capabilities, ...this.#facts.costs?.[environment] };
  }

  surface(environment: string): Surface | undefined {
    return this.#languages.get(environment)?.runtime.surface?.(environment);
  }

  /**
   * The layers, and the canaries of the languages that were asked for; where none was, those of the first that is here. All
   * languages have the same layers, and to test each takes half a minute of processor time.
   */
  async diagnose(): Promise<Diagnosis> {
    const all = [...this.#languages];
    const here = all.filter(([, { spec }]) => presenceOf(spec.binary).available);
    const asked = here.filter(([name]) => this.#asked.has(name));
    const [tested = []] = [asked, here.slice(0, 1), all.slice(0, 1)].filter(({ length }) => length > 0);
    const names = new Set(tested.map(([name]) => name));
    const languages = all.map(([name, { spec }]) =>
      findingOf(name, { presence: presenceOf(spec.binary), isTested: names.has(name) })
    );
    const diagnoses: Diagnosis[] = [];
    for (const [name, { runtime }] of tested) {
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

  /** The runtime of a language, of which the caller wants what a self-test shows. */
  #ask(name: string, { assumesUntested = false }: AvailabilityOptions = {}): ExecutionRuntime {
    const { runtime } = this.#language(name);
    if (!assumesUntested) this.#asked.add(name);
    return runtime;
  }

  #language(name: string): Language {
    const language = this.#languages.get(name);
    if (language === undefined) throw unsupportedLanguage(name, this.supportedEnvironments);
    return language;
  }
}

function findingOf(
  name: string,
  { isTested, presence }: { readonly presence: Availability; readonly isTested: boolean },
): LanguageFinding {
  if (!presence.available) return { name, isHere: false, detail: describeObstacle(presence) };
  return { name, isHere: true, detail: isTested ? "on this machine" : "on this machine, tested at its first use" };
}

import { abortable } from "@std/async/abortable";
import type { Clock } from "../concurrency/clock.ts";
import { withDeadline } from "../concurrency/deadline.ts";
import type { Availability, RuntimeCapabilities, RuntimeType } from "../core/capabilities.ts";
import type { Diagnosis } from "../core/diagnosis.ts";
import type { Needs, Surface } from "../core/needs.ts";
import { type InstallingEntry, type InstallingHost, PartsInstaller } from "./parts_installer.ts";
import type {
  Assessment,
  AvailabilityOptions,
  ExecutionEnvironment,
  ExecutionRuntime,
  PreparationDemand,
  RuntimeConfig,
  SelfTestDemand,
} from "./port.ts";

/** How long a request waits for an installation, and how long a patient one waits. The installation itself goes on. */
const WAIT_MS = { usual: 20_000, patient: 60_000 };

/** What a runtime lacks, and how it is installed. */
export interface AutoPreparation {
  readonly entry: InstallingEntry;
  readonly host: InstallingHost;
  /** Default: the machine's clock. */
  readonly clock?: Pick<Clock, "elapsed">;
  /** How long requests wait, in ms; absent, 20 s, and a minute for patient ones. */
  readonly waitMs?: { readonly usual: number; readonly patient: number };
}

/**
 * A runtime that installs what a language lacks at its first use. Until then the language counts as available, and the
 * runtime itself is not asked.
 */
export class AutoPreparedRuntime implements ExecutionRuntime {
  readonly name: string;
  readonly type: RuntimeType;
  readonly supportedEnvironments: readonly string[];
  readonly contextEnvironments: readonly string[];
  readonly #inner: ExecutionRuntime;
  readonly #host: Pick<InstallingHost, "progress">;
  readonly #installer: PartsInstaller;
  readonly #waitMs: { readonly usual: number; readonly patient: number };
  /** Languages that lack nothing, as long as they are available. */
  readonly #whole = new Set<string>();

  constructor(inner: ExecutionRuntime, { clock, entry, host, waitMs = WAIT_MS }: AutoPreparation) {
    this.name = inner.name;
    this.type = inner.type;
    this.supportedEnvironments = inner.supportedEnvironments;
    this.contextEnvironments = inner.contextEnvironments;
    this.#inner = inner;
    this.#host = host;
    this.#installer = new PartsInstaller(entry, host, { clock });
    this.#waitMs = waitMs;
  }

  async isAvailable(environment?: string, options: AvailabilityOptions = {}): Promise<Availability> {
    const language = this.#languageOf(environment);
    if (!await this.#isMissing(language)) {
      const answer = await this.#inner.isAvailable(environment, options);
      if (!answer.available) this.#whole.delete(language);
      return answer;
    }
    const why = this.#installer.whyNot(language);
    if (why !== undefined) return { available: false, ...why };
    return options.fetchesNothing === true
      ? { available: false, reason: this.#installer.describe(language) }
      : { available: true };
  }

  async assess(config: RuntimeConfig, options?: AvailabilityOptions): Promise<Assessment> {
    const { environment } = config;
    if (!await this.#isMissing(environment)) return await this.#inner.assess(config, options);
    const assessment = await this.#inner.assess(config, { assumesUntested: true });
    return { ...assessment, mustInstall: this.#installer.describe(environment) };
  }

  async prepare(environment: string, { isAwaited, isPatient = false }: PreparationDemand): Promise<boolean> {
    const installing = this.#installer.install(environment, async () => {
      const found = await this.#inner.isAvailable(environment, { assumesUntested: true });
      return found.available ? undefined : found;
    });
    if (!isAwaited) return false;
    const { progress } = this.#host;
    if (progress !== undefined) return await abortable(installing, progress.signal).then(() => true, () => false);
    const timeoutMs = isPatient ? this.#waitMs.patient : this.#waitMs.usual;
    return await withDeadline(() => installing, { timeoutMs }).then(() => true, () => {
      this.#installer.markSlow(environment);
      return false;
    });
  }

  getCapabilities(environment?: string): RuntimeCapabilities {
    return this.#inner.getCapabilities(environment);
  }

  /** What has yet to be installed has no self-test. */
  pendingSelfTest(demand: SelfTestDemand): (() => Promise<void>) | undefined {
    const isWhole = this.#isKnownWhole(this.#languageOf(demand.environment));
    return isWhole ? this.#inner.pendingSelfTest?.(demand) : undefined;
  }

  surface(environment: string): Surface | undefined {
    return this.#inner.surface?.(environment);
  }

  /** What may yet be installed can change at any time. */
  revision(environment: string): number | undefined {
    return this.#isKnownWhole(environment) ? this.#inner.revision?.(environment) : undefined;
  }

  learnSurface(environment: string, needs: Needs): Promise<void> | undefined {
    return this.#inner.learnSurface?.(environment, needs);
  }

  async diagnose(): Promise<Diagnosis> {
    return await this.#inner.diagnose();
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    return await this.#inner.createEnvironment(config);
  }

  async reattachEnvironment(id: string, config: RuntimeConfig): Promise<ExecutionEnvironment | undefined> {
    return await this.#inner.reattachEnvironment?.(id, config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#installer[Symbol.asyncDispose]();
    await this.#inner[Symbol.asyncDispose]();
  }

  #isKnownWhole(language: string): boolean {
    return this.#whole.has(language) || !this.#installer.covers(language);
  }

  /** Whether something that can be installed is not there. What is there and does not work is not installed again. */
  async #isMissing(language: string): Promise<boolean> {
    if (this.#isKnownWhole(language)) return false;
    const { available } = await this.#inner.isAvailable(language, { assumesUntested: true });
    if (available) this.#whole.add(language);
    return !available && !await this.#installer.isInstalled(language);
  }

  #languageOf(environment: string | undefined): string {
    return environment ?? this.supportedEnvironments[0] ?? "";
  }
}

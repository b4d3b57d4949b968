import { withDeadline } from "../../../concurrency/deadline.ts";
import type { Availability } from "../../../core/capabilities.ts";
import type { LanguageFinding } from "../../../core/diagnosis.ts";
import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import type { RuntimeLog } from "../../port.ts";
import type { EngineImages } from "../engine/engine_images.ts";
import type { EnvironmentSpec } from "./environments.ts";
import type { DockerSettings } from "../settings.ts";

/** How long a request waits for an image that is being pulled; the pull itself goes on. */
const WAIT_MS = 20_000;
/** How long an image that could not be had is not asked for again. */
const FAILURE_TTL_MS = 30_000;
/** How long it is remembered that an image is here. */
const PRESENCE_TTL_MS = 10_000;
/** How often the log hears of a pull. */
const PROGRESS_INTERVAL_MS = 2_000;

/** Where images come from: this Engine, or their registry. */
export type ImageSource = Pick<EngineImages, "has" | "listTags" | "pull">;

/** Finds the image of each environment, and pulls what is missing, once for all who wait. */
export class Images {
  readonly #source: ImageSource;
  readonly #settings: DockerSettings;
  readonly #log: Pick<RuntimeLog, "info">;
  readonly #now: () => number;
  readonly #waitMs: number;
  readonly #pulls = new Map<string, Promise<void>>();
  readonly #pulled = new Set<string>();
  /** Images whose pull has outlasted the patience of a request: the next ones do not wait. */
  readonly #slow = new Set<string>();
  readonly #failures = new Map<string, { readonly reason: string; readonly until: number }>();
  readonly #found = new Map<string, { readonly image: string; readonly until: number }>();

  constructor(
    source: ImageSource,
    options: {
      readonly settings: DockerSettings;
      readonly log: Pick<RuntimeLog, "info">;
      readonly now?: () => number;
      readonly waitMs?: number;
    },
  ) {
    this.#source = source;
    this.#settings = options.settings;
    this.#log = options.log;
    this.#now = options.now ?? (() => performance.now());
    this.#waitMs = options.waitMs ?? WAIT_MS;
  }

  /**
   * Whether an environment's image is here, or may be had where something may be fetched: one that could not be pulled a
   * moment ago is not.
   */
  async availability(
    environment: string,
    { fetchesNothing = false }: { readonly fetchesNothing?: boolean } = {},
  ): Promise<Availability> {
    const failure = this.#failureOf(environment);
    if (failure !== undefined) return { available: false, reason: failure };
    const { image } = this.#spec(environment);
    if (this.#slow.has(image)) return { available: false, reason: `the image ${image} is being pulled` };
    const isHere = await this.#findHere(environment) !== undefined;
    if (fetchesNothing && (!isHere || this.#isDue(image))) {
      return { available: false, reason: `the image ${image} would have to be pulled` };
    }
    if (isHere || this.#settings.pull !== "never") return { available: true };
    return { available: false, reason: `the image ${image} is not here and pulling is off` };
  }

  /**
   * The name of an environment's image, which is here when this returns.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` that says why it cannot be had, or that it is still being pulled
   */
  async ensure(environment: string): Promise<string> {
    const { image } = this.#spec(environment);
    const isDue = this.#isDue(image);
    const here = await this.#findHere(environment);
    if (here !== undefined && !isDue) return here;
    const failure = this.#failureOf(environment);
    if (failure !== undefined) throw new CodeBeakerError("runtime_unavailable", failure);
    if (this.#settings.pull === "never") {
      throw new CodeBeakerError("runtime_unavailable", `the image ${image} is not here and pulling is off`);
    }
    await this.#waitForPull(environment, image);
    this.#found.delete(environment); // What stood in for it does so no longer.
    return image;
  }

  /** The images that are here, by the environments that they are for, in the order of these. */
  async here(environments: readonly string[]): Promise<Map<string, string>> {
    const found = await Promise.all(environments.map((environment) => this.#findHere(environment)));
    return new Map(environments.flatMap((environment, index) => {
      const image = found[index];
      return image === undefined ? [] : [[environment, image] as const];
    }));
  }

  /** What an environment needs, and whether it is here. */
  finding(environment: string, image: string | undefined): LanguageFinding {
    if (image !== undefined) return { name: environment, isHere: true, detail: image };
    const wanted = this.#spec(environment).image;
    const fate = this.#settings.pull === "never" ? "pulling is off" : "it is pulled at its first use";
    return {
      name: environment,
      isHere: false,
      detail: `${wanted} is not here: ${this.#failureOf(environment) ?? fate}`,
    };
  }

  /** Remembers that an environment's image is of no use, for every environment that has the same. */
  recordFailure(environment: string, reason: string): void {
    this.#failures.set(this.#spec(environment).image, { reason, until: this.#now() + FAILURE_TTL_MS });
    this.#found.delete(environment);
  }

  /** The image that is mapped, or the official one; where that is not here, the newest that was built locally. */
  async #findHere(environment: string): Promise<string | undefined> {
    const known = this.#found.get(environment);
    if (known !== undefined && this.#now() < known.until) return known.image;
    const { image } = this.#spec(environment);
    const isMapped = this.#settings.configured.has(environment);
    const found = await this.#source.has(image)
      ? image
      : isMapped
      ? undefined
      : (await this.#source.listTags(`codebeaker/${environment}`))[0];
    if (found === undefined) this.#found.delete(environment);
    else this.#found.set(environment, { image: found, until: this.#now() + PRESENCE_TTL_MS });
    return found;
  }

  async #waitForPull(environment: string, image: string): Promise<void> {
    const pulling = this.#pulls.get(image) ?? this.#pull(environment, image);
    this.#pulls.set(image, pulling);
    const toError = () => {
      this.#slow.add(image);
      return new CodeBeakerError("runtime_unavailable", `the image ${image} is being pulled`);
    };
    await withDeadline(() => pulling, { timeoutMs: this.#waitMs, toError });
  }

  async #pull(environment: string, image: string): Promise<void> {
    this.#log.info("pulling an image", { environment, image });
    let toldAt = this.#now();
    try {
      await this.#source.pull(image, (progress) => {
        if (this.#now() - toldAt < PROGRESS_INTERVAL_MS) return;
        toldAt = this.#now();
        this.#log.info("pulling an image", { environment, image, progress });
      });
      if (!await this.#source.has(image)) throw new Error("the pull has ended, and it is not here");
      this.#pulled.add(image);
      this.#failures.delete(image);
      this.#log.info("an image has been pulled", { environment, image });
    } catch (error) {
      const reason = `the image ${image} cannot be had: ${messageOf(error)}`;
      this.recordFailure(environment, reason);
      this.#log.info("an image cannot be pulled", { environment, image, error: messageOf(error) });
      throw new CodeBeakerError("runtime_unavailable", reason, { cause: error });
    } finally {
      this.#pulls.delete(image);
      this.#slow.delete(image);
    }
  }

  /** Whether it is to be pulled even though it is here. */
  #isDue(image: string): boolean {
    return this.#settings.pull === "always" && !this.#pulled.has(image);
  }

  #failureOf(environment: string): string | undefined {
    const failure = this.#failures.get(this.#spec(environment).image);
    return failure !== undefined && this.#now() < failure.until ? failure.reason : undefined;
  }

  #spec(environment: string): EnvironmentSpec {
    const spec = this.#settings.environments[environment];
    if (spec === undefined) throw new CodeBeakerError("internal", `No image is mapped to ${environment}`);
    return spec;
  }
}

import { abortable } from "@std/async/abortable";
import { withDeadline } from "../../../concurrency/deadline.ts";
import type { Availability, Obstacle } from "../../../core/capabilities.ts";
import type { LanguageFinding } from "../../../core/diagnosis.ts";
import { CodeBeakerError, messageOf, runtimeUnavailable } from "../../../core/errors.ts";
import type { Progress } from "../../../core/progress.ts";
import type { RuntimeLog } from "../../port.ts";
import type { EngineImages } from "../engine/engine_images.ts";
import type { EnvironmentSpec } from "./environments.ts";
import { RECIPES } from "./image_recipes.ts";
import type { DockerSettings } from "../settings.ts";

/** How long a request waits for an image that is being pulled. The pull itself goes on. */
const WAIT_MS = 20_000;
/** How long an image that could not be pulled is not pulled again. */
const FAILURE_TTL_MS = 30_000;
/** How long a found image is remembered. */
const PRESENCE_TTL_MS = 10_000;
/** The least time between two log lines of a pull. */
const PROGRESS_INTERVAL_MS = 2_000;

/** The images of an Engine, and their registry. */
export type ImageSource = Pick<EngineImages, "inspect" | "listTags" | "pull">;

/** An image that is here, by its tag and its content. */
export interface PresentImage {
  readonly image: string;
  readonly id: string;
}

/** Finds the image of each environment and pulls missing ones, once for all callers. */
export class Images {
  readonly #source: ImageSource;
  readonly #settings: DockerSettings;
  readonly #log: Pick<RuntimeLog, "info">;
  readonly #progress: Progress | undefined;
  readonly #now: () => number;
  readonly #waitMs: number;
  readonly #pulls = new Map<string, Promise<void>>();
  readonly #pulled = new Set<string>();
  /** Images whose pull takes longer than a request waits: further requests do not wait. */
  readonly #slow = new Set<string>();
  readonly #failures = new Map<string, { readonly obstacle: Obstacle; readonly until: number }>();
  readonly #found = new Map<string, PresentImage & { readonly until: number }>();

  constructor(
    source: ImageSource,
    options: {
      readonly settings: DockerSettings;
      readonly log: Pick<RuntimeLog, "info">;
      /** Shows pulls. With it, requests wait for a pull to its end. */
      readonly progress?: Progress | undefined;
      readonly now?: () => number;
      readonly waitMs?: number;
    },
  ) {
    this.#source = source;
    this.#settings = options.settings;
    this.#log = options.log;
    this.#progress = options.progress;
    this.#now = options.now ?? (() => performance.now());
    this.#waitMs = options.waitMs ?? WAIT_MS;
  }

  /** Whether an environment's image is present, or can be pulled if that is allowed. */
  async availability(
    environment: string,
    { fetchesNothing = false }: { readonly fetchesNothing?: boolean } = {},
  ): Promise<Availability> {
    const failure = this.#failureOf(environment);
    if (failure !== undefined) return { available: false, ...failure };
    const { image } = this.#spec(environment);
    if (this.#slow.has(image)) return { available: false, reason: `the image ${image} is being pulled` };
    const isHere = await this.#findHere(environment) !== undefined;
    if (fetchesNothing && (!isHere || this.#mustPull(image))) {
      return { available: false, reason: `the image ${image} would have to be pulled` };
    }
    if (isHere || this.#settings.pull !== "never") return { available: true };
    return { available: false, ...this.#whyAbsent(environment) };
  }

  /**
   * Returns an environment's image, which is present then.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when it cannot be pulled, or is still being pulled
   */
  async ensure(environment: string): Promise<string> {
    const { image } = this.#spec(environment);
    const mustPull = this.#mustPull(image);
    const here = await this.#findHere(environment);
    if (here !== undefined && !mustPull) return here;
    const failure = this.#failureOf(environment);
    if (failure !== undefined) throw runtimeUnavailable(failure);
    if (this.#settings.pull === "never") throw runtimeUnavailable(this.#whyAbsent(environment));
    await this.#waitForPull(environment, image);
    this.#found.delete(environment); // A local image may have stood in for it.
    return image;
  }

  /** The present images by environment, in the order of the environments. */
  async here(environments: readonly string[]): Promise<Map<string, string>> {
    const found = await Promise.all(environments.map((environment) => this.#findHere(environment)));
    return new Map(environments.flatMap((environment, index) => {
      const image = found[index];
      return image === undefined ? [] : [[environment, image] as const];
    }));
  }

  /**
   * The image that a program would use, as last found here. Undefined where none was found, or one has to be pulled.
   */
  lastFound(environment: string): PresentImage | undefined {
    return this.#mustPull(this.#spec(environment).image) ? undefined : this.#found.get(environment);
  }

  /** The finding about an environment's image. */
  finding(environment: string, image: string | undefined): LanguageFinding {
    if (image !== undefined) return { name: environment, isHere: true, detail: image };
    const wanted = this.#spec(environment).image;
    const outlook = this.#settings.pull === "never" ? "pulling is off" : "it is pulled at its first use";
    return {
      name: environment,
      isHere: false,
      detail: `${wanted} is not here: ${this.#failureOf(environment)?.reason ?? outlook}`,
    };
  }

  /** Remembers that an environment's image cannot be used, for all environments with that image. */
  recordFailure(environment: string, reason: string): void {
    this.#keepFailure(environment, { reason });
  }

  #keepFailure(environment: string, obstacle: Obstacle): void {
    this.#failures.set(this.#spec(environment).image, { obstacle, until: this.#now() + FAILURE_TTL_MS });
    this.#found.delete(environment);
  }

  /** The configured or official image. In place of a missing official one, the newest local one. */
  async #findHere(environment: string): Promise<string | undefined> {
    const known = this.#found.get(environment);
    if (known !== undefined && this.#now() < known.until) return known.image;
    const { image } = this.#spec(environment);
    const isConfigured = this.#settings.configured.has(environment);
    const found = await this.#identify(image) ??
      (isConfigured ? undefined : await this.#identify((await this.#source.listTags(`codebeaker/${environment}`))[0]));
    if (found === undefined) this.#found.delete(environment);
    else this.#found.set(environment, { ...found, until: this.#now() + PRESENCE_TTL_MS });
    return found?.image;
  }

  async #identify(image: string | undefined): Promise<PresentImage | undefined> {
    const found = image === undefined ? undefined : await this.#source.inspect(image);
    return image === undefined || found === undefined ? undefined : { image, id: found.id };
  }

  async #waitForPull(environment: string, image: string): Promise<void> {
    const pulling = this.#pulls.get(image) ?? this.#pull(environment, image);
    this.#pulls.set(image, pulling);
    const toError = () => {
      this.#slow.add(image);
      return runtimeUnavailable({ reason: `the image ${image} is being pulled` });
    };
    if (this.#progress === undefined) return await withDeadline(() => pulling, { timeoutMs: this.#waitMs, toError });
    const { signal } = this.#progress;
    await abortable(pulling, signal).catch((cause: unknown) => {
      throw signal.aborted ? toError() : cause;
    });
  }

  async #pull(environment: string, image: string): Promise<void> {
    this.#log.info("image.pull_started", { environment, image });
    let loggedAt = this.#now();
    using task = this.#progress?.begin(`downloading the image ${image}`);
    try {
      await this.#source.pull(image, (progress) => {
        task?.update(progress);
        if (this.#now() - loggedAt < PROGRESS_INTERVAL_MS) return;
        loggedAt = this.#now();
        this.#log.info("image.pull_progressed", { environment, image, progress });
      });
      if (await this.#source.inspect(image) === undefined) throw new Error("the pull has ended without it");
      this.#pulled.add(image);
      this.#failures.delete(image);
      this.#log.info("image.pulled", { environment, image });
    } catch (error) {
      const remedy = this.#howToBuild(environment);
      const reason = `the image ${image} cannot be pulled: ${messageOf(error)}`;
      this.#keepFailure(environment, { reason, ...(remedy === undefined ? {} : { remedy }) });
      this.#log.info("image.pull_failed", { environment, image, error: messageOf(error) });
      throw runtimeUnavailable(this.#failureOf(environment) ?? { reason }, error);
    } finally {
      this.#pulls.delete(image);
      this.#slow.delete(image);
    }
  }

  /** Whether an image has to be pulled though it is present. */
  #mustPull(image: string): boolean {
    return this.#settings.pull === "always" && !this.#pulled.has(image);
  }

  #failureOf(environment: string): Obstacle | undefined {
    const failure = this.#failures.get(this.#spec(environment).image);
    const leftMs = failure === undefined ? 0 : Math.ceil(failure.until - this.#now());
    return failure === undefined || leftMs <= 0 ? undefined : { ...failure.obstacle, retryAfterMs: leftMs };
  }

  #whyAbsent(environment: string): Obstacle {
    const { image } = this.#spec(environment);
    const getIt = this.#howToBuild(environment) ?? `pull it (docker pull ${image})`;
    return {
      reason: `the image ${image} is not here and pulling is off`,
      remedy: `${getIt}, or let the service pull images (--docker-pull missing)`,
    };
  }

  /** How to get a local image in the place of an official one. Undefined where none can be built. */
  #howToBuild(environment: string): string | undefined {
    const isBuilt = RECIPES.some(({ environments }) => environments.includes(environment));
    if (!isBuilt || this.#settings.configured.has(environment)) return undefined;
    return `build it (codebeaker images ${environment})`;
  }

  #spec(environment: string): EnvironmentSpec {
    const spec = this.#settings.environments[environment];
    if (spec === undefined) throw new CodeBeakerError("internal", `No image is mapped to ${environment}`);
    return spec;
  }
}

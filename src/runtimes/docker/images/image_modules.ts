import { createHash } from "node:crypto";
import { settledWithin } from "../../../concurrency/delay.ts";
import { messageOf } from "../../../core/errors.ts";
import type { Needs, Surface } from "../../../core/needs.ts";
import { StoredRecord } from "../../../host/stored_record.ts";
import {
  isThirdParty,
  LIST_MODULES,
  type ModuleList,
  moduleSurface,
  parseModules,
} from "../../interpreters/python/module_surface.ts";
import type { RuntimeHost } from "../../port.ts";
import type { Observed } from "../../self_test/run_program.ts";
import { type DockerSettings, RUNTIME_NAME } from "../settings.ts";
import type { PresentImage } from "./images.ts";

const FILE = "image_modules.json";
/** The most images whose modules are kept. A list takes some 10 KB. */
const MAX_IMAGES = 64;
/** The longest list that is accepted, in characters. */
const MAX_LIST_LENGTH = 262_144;
/** How long the requests of an image wait for its list, together. */
const WAIT_MS = 5_000;
/** How soon an image is asked again where the Engine could not run the program. */
const RETRY_MS = 10_000;

/**
 * Exit codes after which an image would answer the same again. 0 comes with a list; 126 and 127 come from a shell
 * without a `python3` that runs.
 */
const KEPT_EXIT_CODES: readonly number[] = [0, 126, 127];

/** The images of environments, and the way to run a program in one. */
export interface ImageModulesOptions extends Pick<RuntimeHost, "home" | "log"> {
  readonly environments: DockerSettings["environments"];
  /** The image of an environment that is here; undefined where none is. */
  imageOf(environment: string): PresentImage | undefined;
  /**
   * Runs a program in an image that is here, for a limited time.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`
   */
  run(program: { readonly environment: string; readonly image: string; readonly code: string }, options: {
    readonly signal: AbortSignal;
  }): Promise<Observed>;
  /** A clock in ms that never goes back; `performance.now` when absent. */
  readonly now?: () => number;
}

/** A list that is being made. */
interface Running {
  readonly over: Promise<void>;
  readonly waitedUntil: number;
}

/**
 * The modules of images with Python. An image is asked once, when a program needs a module that does not come with
 * Python, and its answer is kept in the home. Disposing ends the programs that run.
 */
export class ImageModules implements AsyncDisposable {
  readonly #options: ImageModulesOptions;
  readonly #now: () => number;
  readonly #kept: StoredRecord;
  /** The surfaces by the key of an image; undefined where none can be known. */
  readonly #known = new Map<string, Surface | undefined>();
  readonly #running = new Map<string, Running>();
  readonly #retryAt = new Map<string, number>();
  readonly #ending = new AbortController();

  constructor(options: ImageModulesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#kept = new StoredRecord(options.home, { file: FILE, maxEntries: MAX_IMAGES });
  }

  /** The surface of an environment's image; undefined where it is not known. */
  surface(environment: string): Surface | undefined {
    const image = this.#options.imageOf(environment);
    return image === undefined ? undefined : this.#known.get(this.#keyOf(environment, image));
  }

  /**
   * Asks an image for its modules if a program certainly needs a third party's. Settles when the image has answered or
   * takes too long; undefined where it is not asked.
   */
  learn(environment: string, { uses }: Needs): Promise<void> | undefined {
    const image = this.#options.imageOf(environment);
    if (image === undefined || !uses.some((use) => use.certain && isThirdParty(use))) return undefined;
    const key = this.#keyOf(environment, image);
    if (this.#known.has(key) || this.#now() < (this.#retryAt.get(key) ?? 0) || this.#ending.signal.aborted) {
      return undefined;
    }
    const running = this.#running.get(key) ?? {
      over: this.#ask(environment, { ...image, key }).finally(() => this.#running.delete(key)),
      waitedUntil: this.#now() + WAIT_MS,
    };
    this.#running.set(key, running);
    return settledWithin(running.over, Math.max(0, running.waitedUntil - this.#now()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#running.values()].map(({ over }) => over));
  }

  async #ask(environment: string, { image, key }: PresentImage & { readonly key: string }): Promise<void> {
    const kept = await this.#kept.get(key);
    if (kept !== undefined) return void this.#know(key, isModuleList(kept) ? kept : undefined);
    const facts = { runtime: RUNTIME_NAME, environment, image };
    try {
      const program = { environment, image, code: LIST_MODULES };
      const { outcome, output } = await this.#options.run(program, { signal: this.#ending.signal });
      this.#ending.signal.throwIfAborted();
      const exitCode = outcome.kind === "exited" ? outcome.exitCode : undefined;
      const isList = exitCode === 0 && output.length <= MAX_LIST_LENGTH;
      const modules = isList ? parseModules(output) : undefined;
      this.#know(key, modules);
      this.#options.log.info("image.modules_listed", { ...facts, modules: modules?.names.length ?? 0 });
      if (exitCode !== undefined && KEPT_EXIT_CODES.includes(exitCode)) await this.#kept.set(key, modules ?? null);
    } catch (error) {
      this.#retryAt.set(key, this.#now() + RETRY_MS);
      if (this.#ending.signal.aborted) return;
      this.#options.log.warning("image.modules_not_listed", { ...facts, error: messageOf(error) });
    }
  }

  #know(key: string, modules: ModuleList | undefined): void {
    this.#known.set(key, modules && moduleSurface(modules, { remedy: REMEDY }));
  }

  /** A digest of everything that the modules of an environment's programs depend on. */
  #keyOf(environment: string, { id }: PresentImage): string {
    const { env, run } = this.#options.environments[environment] ?? {};
    return createHash("sha256").update(JSON.stringify([id, run, env, LIST_MODULES])).digest("hex");
  }
}

/** The remedy where an image lacks a module. */
const REMEDY = "name an image that has the module (--docker-environments), or send it with the files of the request";

function isModuleList(value: unknown): value is ModuleList {
  return typeof value === "object" && value !== null && "isComplete" in value && "names" in value &&
    typeof value.isComplete === "boolean" && Array.isArray(value.names) &&
    value.names.every((name) => typeof name === "string");
}

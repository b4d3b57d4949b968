import { type Clock, SYSTEM_CLOCK } from "../concurrency/clock.ts";
import type { Obstacle } from "../core/capabilities.ts";
import { messageOf } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import type { InstalledBinary, InstallRequest, RuntimeEntry } from "./entry.ts";
import type { RuntimeHost } from "./port.ts";

/** How long after a failed installation the next may begin. */
const FAILURE_TTL_MS = 30_000;
/** When to ask again during an installation. */
const RETRY_MS = 2_000;

/** The parts of a host that an installation needs. */
export type InstallingHost = Pick<RuntimeHost, "home" | "instance" | "log" | "progress" | "searchPath" | "settings">;

/** The parts of an entry that install. */
export type InstallingEntry = Pick<RuntimeEntry, "install" | "isInstalled" | "languages" | "name">;

/** An installation that runs. */
interface Installing {
  /** Settles with its end, and has no error. */
  readonly done: Promise<void>;
  /** The task that it is at. */
  task: string;
  /** Whether it takes longer than a caller waits: further callers do not wait. */
  isSlow: boolean;
}

/**
 * Installs a runtime's binary and the parts of its languages at their first use. It does so once for all callers. A failed
 * installation is reported for 30 s, and may then begin again. Disposing ends those that run.
 */
export class PartsInstaller implements AsyncDisposable {
  readonly #entry: InstallingEntry;
  readonly #host: InstallingHost;
  readonly #now: () => number;
  readonly #ending = new AbortController();
  readonly #running = new Map<string, Installing>();
  readonly #failures = new Map<string, { readonly obstacle: Obstacle; readonly until: number }>();

  constructor(
    entry: InstallingEntry,
    host: InstallingHost,
    { clock = SYSTEM_CLOCK }: { readonly clock?: Pick<Clock, "elapsed"> | undefined } = {},
  ) {
    this.#entry = entry;
    this.#host = host;
    this.#now = () => clock.elapsed();
  }

  /** Whether there is anything to install for a language. */
  covers(language: string): boolean {
    return this.#subject(language) !== undefined;
  }

  /** Whether an installation would change nothing. False where only an installation says so, or why it cannot. */
  async isInstalled(language: string): Promise<boolean> {
    const { isInstalled, languages } = this.#entry;
    const { home } = this.#host;
    if (home === undefined) return false;
    const isLanguage = languages?.names.includes(language) === true;
    const asked = isLanguage ? languages.isAdded?.(language, home) : isInstalled?.(home);
    return await asked?.catch(() => false) ?? false; // The installer's code cannot be loaded: an installation reports it.
  }

  /** Why a language cannot be used now: its installation has failed, or takes long. */
  whyNot(language: string): Obstacle | undefined {
    const subject = this.#subject(language);
    if (subject === undefined) return undefined;
    const running = this.#running.get(subject);
    if (running?.isSlow === true) return { reason: this.describe(language), retryAfterMs: RETRY_MS };
    const failure = this.#failures.get(subject);
    const leftMs = failure === undefined ? 0 : Math.ceil(failure.until - this.#now());
    return failure === undefined || leftMs <= 0 ? undefined : { ...failure.obstacle, retryAfterMs: leftMs };
  }

  /** The state of what a language lacks, in words. */
  describe(language: string): string {
    const subject = this.#subject(language);
    const running = subject === undefined ? undefined : this.#running.get(subject);
    return running === undefined
      ? `${subject} is installed at its first use`
      : `${subject} is being installed (${running.task})`;
  }

  /**
   * Begins to install what a language lacks, unless that runs. Settles with its end, whether or not it succeeded.
   *
   * @param whyStillNot asked after an installation that changed nothing
   */
  install(language: string, whyStillNot: () => Promise<Obstacle | undefined>): Promise<void> {
    const subject = this.#subject(language);
    if (subject === undefined || this.whyNot(language) !== undefined) return Promise.resolve();
    const known = this.#running.get(subject);
    if (known !== undefined) return known.done;
    const installing: Installing = { done: this.#install(subject, whyStillNot), task: "begins", isSlow: false };
    this.#running.set(subject, installing);
    return installing.done;
  }

  /** Notes that a caller has waited in vain for what a language lacks. */
  markSlow(language: string): void {
    const running = this.#running.get(this.#subject(language) ?? "");
    if (running !== undefined) running.isSlow = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  async #install(subject: string, whyStillNot: () => Promise<Obstacle | undefined>): Promise<void> {
    const { log } = this.#host;
    await Promise.resolve(); // The caller has noted by then that it runs.
    log.info("part.install_started", { part: subject });
    try {
      const { notRemoved, path, version, wasThere } = await this.#add(subject);
      if (notRemoved !== undefined) log.warning("part.others_not_removed", { part: subject, path, error: notRemoved });
      const obstacle = wasThere ? await whyStillNot() : undefined;
      if (obstacle === undefined) {
        this.#failures.delete(subject);
        log.info("part.installed", { part: subject, path, version });
        return;
      }
      this.#keepFailure(subject, obstacle);
      log.warning("part.unusable", { part: subject, path, reason: obstacle.reason });
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#keepFailure(subject, { reason: `its installation has failed: ${messageOf(error)}` });
      log.warning("part.install_failed", { part: subject, error: messageOf(error) });
    } finally {
      this.#running.delete(subject);
    }
  }

  async #add(subject: string): Promise<InstalledBinary> {
    const { install, languages, name } = this.#entry;
    const { home, instance, searchPath, settings } = this.#host;
    if (home === undefined) throw new Error("there is no home directory");
    const { signal } = this.#ending;
    const progress = this.#progress(subject);
    const request: InstallRequest = { home, instance: instance?.id, settings, signal, progress };
    if (languages?.names.includes(subject) === true) return await languages.add(subject, { ...request, searchPath });
    if (install === undefined) throw new Error(`${name} cannot be installed`);
    return await install(request);
  }

  /** Shows a task to callers that wait, and where the host shows tasks. */
  #progress(subject: string): Progress {
    const { progress } = this.#host;
    return {
      signal: this.#ending.signal,
      begin: (task) => {
        const shown = progress?.begin(task);
        this.#note(subject, task);
        return {
          update: (detail) => {
            shown?.update(detail);
            this.#note(subject, `${task}, ${detail}`);
          },
          [Symbol.dispose]: () => shown?.[Symbol.dispose](),
        };
      },
    };
  }

  #note(subject: string, task: string): void {
    const running = this.#running.get(subject);
    if (running !== undefined) running.task = task;
  }

  #keepFailure(subject: string, obstacle: Obstacle): void {
    this.#failures.set(subject, { obstacle, until: this.#now() + FAILURE_TTL_MS });
  }

  /** The name of what is installed: the language's, or the runtime's. */
  #subject(language: string): string | undefined {
    const { install, languages, name } = this.#entry;
    if (languages?.names.includes(language) === true) return language;
    return install === undefined ? undefined : name;
  }
}

import { type Clock, SYSTEM_CLOCK } from "../../../concurrency/clock.ts";
import { messageOf } from "../../../core/errors.ts";
import type { InstanceState } from "../../../host/instance.ts";
import type { RuntimeLog } from "../../port.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import type { EngineContainers, ListedContainer } from "../engine/engine_containers.ts";

/** The labels that every container of this project carries. */
export const LABELS = {
  instance: "codebeaker.instance",
  lock: "codebeaker.lock",
  /** Only on containers of a process whose identity ends with it. */
  passing: "codebeaker.passing",
  session: "codebeaker.session",
  created: "codebeaker.created",
} as const;

const INTERVAL_MS = 30_000;
/** How long a service with a lasting identity must be gone. One that restarts meanwhile recovers its sessions. */
const RESTART_MS = 20_000;

/** The service of a reaper, and its Engine. */
export interface ReaperOptions {
  readonly containers: Pick<EngineContainers, "list" | "remove">;
  /** The id of this service's instance. */
  readonly instanceId: string;
  /** Whether an environment of this service lives or may be recovered. */
  isOurs(environment: string): boolean;
  stateOf(instance: { readonly id: string; readonly lockPath: string }): Promise<InstanceState>;
  readonly log: Pick<RuntimeLog, "warning">;
  /** Absent, the machine's. */
  readonly clock?: Pick<Clock, "elapsed" | "every"> | undefined;
}

/**
 * Removes orphan containers: those of lost services, and those of no environment of this service. Another service is
 * lost when it is gone for longer than a restart takes; a process with a passing identity, which never restarts, at
 * once.
 */
export class Reaper implements AsyncDisposable {
  readonly #options: ReaperOptions;
  readonly #clock: Pick<Clock, "elapsed" | "every">;
  /** When each other service that is gone was first found so. */
  #goneSince: ReadonlyMap<string, number> = new Map();
  #timer: Disposable | undefined;
  #round: Promise<void> | undefined;

  constructor(options: ReaperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Runs a round now, and then at intervals. */
  start(): void {
    this.#timer ??= this.#clock.every(INTERVAL_MS, () => this.#startRound());
    this.#startRound();
  }

  /**
   * Removes the orphans of this moment. A refused removal is logged, and does not stop the round.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when the Engine does not answer
   */
  async runRound(): Promise<void> {
    const { containers, log } = this.#options;
    const goneSince = new Map<string, number>();
    for (const container of await containers.list(LABELS.instance)) {
      if (!await this.#isOrphan(container, goneSince)) continue;
      await containers.remove(container.id).catch((error: unknown) => {
        if (isEngineLost(error)) throw error;
        log.warning("reaper.removal_failed", { container: container.id, error: messageOf(error) });
      });
    }
    this.#goneSince = goneSince;
  }

  async #isOrphan({ labels }: ListedContainer, goneSince: Map<string, number>): Promise<boolean> {
    const { instanceId, isOurs, stateOf } = this.#options;
    const id = labels[LABELS.instance] ?? "";
    if (id === instanceId) return !isOurs(labels[LABELS.session] ?? "");
    if (await stateOf({ id, lockPath: labels[LABELS.lock] ?? "" }) !== "gone") return false;
    if (labels[LABELS.passing] !== undefined) return true;
    const now = this.#clock.elapsed();
    const since = this.#goneSince.get(id) ?? now;
    goneSince.set(id, since);
    return now - since >= RESTART_MS;
  }

  #startRound(): void {
    this.#round ??= this.runRound().catch((error: unknown) =>
      this.#options.log.warning("reaper.round_failed", { error: messageOf(error) })
    ).finally(() => this.#round = undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    await this.#round;
  }
}

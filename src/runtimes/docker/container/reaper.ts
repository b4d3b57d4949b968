import { messageOf } from "../../../core/errors.ts";
import type { Fate } from "../../../host/instance.ts";
import type { RuntimeLog } from "../../port.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import type { EngineContainers, ListedContainer } from "../engine/engine_containers.ts";

/** The labels that every container of this project carries. */
export const LABELS = {
  instance: "codebeaker.instance",
  lock: "codebeaker.lock",
  session: "codebeaker.session",
  created: "codebeaker.created",
} as const;

const INTERVAL_MS = 30_000;

/** What a reaper works with. */
export interface ReaperOptions {
  readonly containers: Pick<EngineContainers, "list" | "remove">;
  /** This service's own identity. */
  readonly instanceId: string;
  /** Whether this service knows what a container of its own belongs to. */
  isOurs(session: string): boolean;
  fateOf(instance: { readonly id: string; readonly lockPath: string }): Promise<Fate>;
  readonly log: Pick<RuntimeLog, "warning">;
}

/** Removes the containers of services that are gone, and those of its own that nothing belongs to any more. */
export class Reaper implements AsyncDisposable {
  readonly #options: ReaperOptions;
  #timer: ReturnType<typeof setInterval> | undefined;
  #round: Promise<void> | undefined;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** Goes round now, and from then on at intervals. */
  start(): void {
    this.#timer ??= setInterval(() => this.#goRoundQuietly(), INTERVAL_MS);
    this.#goRoundQuietly();
  }

  /**
   * One round. What the Engine refuses to remove is logged, and hinders nothing else.
   *
   * @throws {CodeBeakerError} `runtime_unavailable` when the Engine does not answer
   */
  async goRound(): Promise<void> {
    const { containers, log } = this.#options;
    for (const container of await containers.list(LABELS.instance)) {
      if (await this.#fateOf(container) !== "gone") continue;
      await containers.remove(container.id).catch((error: unknown) => {
        if (isEngineLost(error)) throw error;
        log.warning("a container that is left cannot be removed", { container: container.id, error: messageOf(error) });
      });
    }
  }

  async #fateOf({ labels }: ListedContainer): Promise<Fate> {
    const id = labels[LABELS.instance] ?? "";
    if (id === this.#options.instanceId) return this.#options.isOurs(labels[LABELS.session] ?? "") ? "alive" : "gone";
    return await this.#options.fateOf({ id, lockPath: labels[LABELS.lock] ?? "" });
  }

  #goRoundQuietly(): void {
    this.#round ??= this.goRound().catch((error: unknown) =>
      this.#options.log.warning("containers that are left cannot be removed now", { error: messageOf(error) })
    ).finally(() => this.#round = undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }
}

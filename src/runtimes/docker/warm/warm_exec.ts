import type { Program, RuntimeHost } from "../../port.ts";
import type { WarmMember } from "../../warm/warm_member.ts";
import { WarmSlot, type WarmStart } from "../../warm/warm_slot.ts";
import type { Container } from "../container/container.ts";
import { createHandshake } from "../program/launcher.ts";
import { LAUNCHER } from "../program/launcher_command.ts";
import type { WrittenFile } from "../files/pending_files.ts";
import { type InterpreterPlace, interpreterWords } from "./warm_interpreter.ts";
import { WarmLauncher } from "./warm_launcher.ts";

const WARM_MEMORY_MB = 12;
/** How long a program waits for a starting launcher. A cold launcher takes as long. */
const MAX_WAIT_MS = 60;

/** A warm launcher beside the main process of a session container. */
export interface ExecLauncher extends WarmMember {
  readonly execId: string;
  readonly launcher: WarmLauncher;
}

/** The one warm launcher of a session container. Disposing ends it. */
export class WarmExec implements AsyncDisposable {
  readonly #slot: WarmSlot<ExecLauncher, Program["kind"]>;
  #hasNoInterpreter = false;

  /** @param budget lends memory to the launcher; undefined where memory is not counted */
  constructor(budget: RuntimeHost["memory"]) {
    this.#slot = new WarmSlot({ budget, memoryMb: WARM_MEMORY_MB, maxWaitMs: MAX_WAIT_MS });
  }

  get isAlive(): boolean {
    return this.#slot.isAlive;
  }

  /** Whether there is a warm launcher, or one is starting. */
  get isOccupied(): boolean {
    return this.#slot.has("file");
  }

  /**
   * Starts a launcher and keeps it for a minute, if there is memory for it.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`
   */
  async prepare(container: Container, place: InterpreterPlace): Promise<void> {
    await this.#slot.prepare(this.#launch(container, place));
  }

  /**
   * Starts a launcher whose memory the caller counts until {@link keep}.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`
   */
  async start(container: Container, place: InterpreterPlace): Promise<void> {
    await this.#slot.start(this.#launch(container, place));
  }

  /** Keeps the launcher for another minute, if there is memory for it; else ends it. */
  async keep(): Promise<void> {
    await this.#slot.keep();
  }

  /** Writes a file of the workspace by the launcher. Returns false if it has to be written another way. */
  async write(file: WrittenFile): Promise<boolean> {
    const warm = await this.#slot.peek();
    return await warm?.launcher.write(file) ?? false;
  }

  /** Takes the launcher if it can run such a program; the caller then owns it. Any other launcher is ended. */
  async take({ kind }: Program): Promise<ExecLauncher | undefined> {
    const warm = await this.#slot.take(kind);
    if (warm === undefined) await this.#slot.clear(); // Nothing else may run beside the program.
    return warm;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slot[Symbol.asyncDispose]();
  }

  #launch(container: Container, place: InterpreterPlace): WarmStart<ExecLauncher, Program["kind"]> {
    const handshake = createHandshake();
    const words = this.#hasNoInterpreter ? [] : interpreterWords(place, handshake);
    const hasInterpreter = words.length > 0;
    const start = async (): Promise<ExecLauncher> => {
      using opened = new DisposableStack();
      const attachment = opened.use(await container.exec([...LAUNCHER, ...words]));
      const launcher = await WarmLauncher.warmUp(attachment, {
        handshake,
        hasInterpreter,
        onNoInterpreter: () => this.#hasNoInterpreter = true, // Other containers of the image may have memory for one.
      });
      opened.move();
      return {
        execId: attachment.execId,
        launcher,
        get isAlive() {
          return launcher.isAlive;
        },
        [Symbol.asyncDispose]: () => launcher.end(),
      };
    };
    return { serves: (kind) => !hasInterpreter || kind === "file", start };
  }
}

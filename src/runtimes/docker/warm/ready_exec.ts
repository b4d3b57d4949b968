import { settledWithin } from "../../../concurrency/delay.ts";
import type { Program, RuntimeHost } from "../../port.ts";
import { createHandshake } from "../program/attached_launcher.ts";
import type { Container } from "../container/container.ts";
import { LAUNCHER } from "../program/launcher.ts";
import type { WrittenFile } from "../program/pending_files.ts";
import { type InterpreterPlace, interpreterWords } from "./warm_interpreter.ts";
import { WarmLauncher } from "./warm_launcher.ts";

/** What one takes that waits, in MB. */
const WAITING_MB = 12;
/** How long one is kept for which nothing comes, in ms. */
const KEPT_MS = 60_000;
/** How long somebody waits at most for one that is coming up, in ms: no longer than it takes to start another. */
const COMING_MS = 60;

/** A launcher beside the main process of a lasting container. */
export interface ReadyLauncher {
  readonly execId: string;
  readonly launcher: WarmLauncher;
}

/** The one launcher of a lasting container that waits for a program. Disposing ends it. */
export class ReadyExec implements AsyncDisposable {
  readonly #budget: RuntimeHost["memory"];
  #held: ReadyLauncher | undefined;
  /** What it holds as long as it waits. */
  #lent = new DisposableStack();
  #coming: Promise<void> | undefined;
  /** Whether the one that is coming up was given up by whom it was for. */
  #isUnwanted = false;
  #hasNoInterpreter = false;
  #isDisposed = false;

  /** @param budget of whose memory it takes; undefined where there always is some */
  constructor(budget: RuntimeHost["memory"]) {
    this.#budget = budget;
  }

  get isAlive(): boolean {
    return this.#held?.launcher.isAlive === true;
  }

  /** Whether there is one, or will be. */
  get isThere(): boolean {
    return this.#coming !== undefined || this.isAlive;
  }

  /**
   * Has one wait, for a minute at most, where there is memory for it.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`
   */
  async prepare(container: Container, place: InterpreterPlace): Promise<void> {
    const memory = this.#borrow();
    if (memory === "none") return;
    using lent = new DisposableStack();
    lent.use(memory);
    await this.start(container, place);
    this.#hold(lent.move());
  }

  /** Starts one, whose memory its owner counts until {@link keep}. @throws {CodeBeakerError} `runtime_unavailable` */
  async start(container: Container, place: InterpreterPlace): Promise<void> {
    const starting = this.#start(container, place);
    this.#coming = starting.catch(() => {}).finally(() => this.#coming = undefined);
    await starting;
  }

  /** Has the one that was started wait for a minute more, where there is memory for it. */
  async keep(): Promise<void> {
    const memory = this.#borrow();
    if (memory === "none") await this.clear();
    else this.#hold(memory);
  }

  /** Writes a file of the workspace; tells whether it could, which another way may. */
  async write(file: WrittenFile): Promise<boolean> {
    if (this.#coming !== undefined) await settledWithin(this.#coming, COMING_MS);
    return await this.#held?.launcher.write(file) ?? false;
  }

  /** The one that waits, if it can run such a program, which is its owner's from now on; any other is ended. */
  async take(program: Program): Promise<ReadyLauncher | undefined> {
    if (this.#coming !== undefined) {
      await settledWithin(this.#coming, COMING_MS);
      this.#isUnwanted = this.#coming !== undefined;
    }
    const held = this.#held;
    if (held?.launcher.canRun(program) !== true) {
      await this.clear();
      return undefined;
    }
    this.#held = undefined;
    this.#giveBack();
    return held;
  }

  /** Ends the one that waits. */
  async clear(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    this.#giveBack();
    await held?.launcher.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#coming;
    await this.clear();
  }

  #borrow(): Disposable | undefined | "none" {
    return this.#budget === undefined ? undefined : this.#budget.forWorkspace(WAITING_MB) ?? "none";
  }

  #hold(memory: Disposable | undefined): void {
    this.#lent.use(memory);
    if (this.#held === undefined) return this.#giveBack();
    const timer = setTimeout(() => this.clear(), KEPT_MS);
    Deno.unrefTimer(timer);
    this.#lent.defer(() => clearTimeout(timer));
  }

  async #start(container: Container, place: InterpreterPlace): Promise<void> {
    this.#isUnwanted = false;
    await this.clear();
    const confidence = createHandshake();
    const words = this.#hasNoInterpreter ? [] : interpreterWords(place, confidence);
    using opened = new DisposableStack();
    const attachment = opened.use(
      await container.exec({ argv: [...LAUNCHER, ...words], env: {}, workingDirectory: "/" }),
    );
    const launcher = await WarmLauncher.ready(attachment, {
      confidence,
      hasInterpreter: words.length > 0,
      onNoInterpreter: () => this.#hasNoInterpreter = true, // Other containers of the image may have room for one.
    });
    opened.move();
    this.#held = { execId: attachment.execId, launcher };
    if (this.#isDisposed || this.#isUnwanted) await this.clear();
  }

  #giveBack(): void {
    this.#lent.dispose();
    this.#lent = new DisposableStack();
  }
}

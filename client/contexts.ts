import { forgive } from "./errors.ts";
import { Program, runProgram, startProgram } from "./program.ts";
import type { CallOptions, Service } from "./service.ts";
import type { Cell, Context as ContextInfo, ContextList, Execution, Interruption } from "./types.ts";

/** A stateful interpreter of a sandbox: its variables stay from one cell to the next. Disposing closes it. */
export class Context implements AsyncDisposable {
  /** The id, language and time of the context. */
  readonly info: ContextInfo;
  readonly #service: Service;
  readonly #path: string;

  constructor(service: Service, path: string, info: ContextInfo) {
    this.#service = service;
    this.#path = `${path}/contexts/${info.id}`;
    this.info = info;
  }

  /** The id of the context. */
  get id(): string {
    return this.info.id;
  }

  /**
   * Evaluates a cell. A cell that throws is a result. Aborting the signal ends the cell, and keeps the variables.
   *
   * @throws {CodeBeakerError} `conflict` when the context is lost
   */
  async run(cell: string | Cell, options: CallOptions = {}): Promise<Execution> {
    return await runProgram(this.#service, this.#submission(cell), options);
  }

  /** Starts a cell; its events have `display` for each value that it displays. */
  async start(cell: string | Cell, options: CallOptions = {}): Promise<Program> {
    return await startProgram(this.#service, this.#submission(cell), options);
  }

  /** Interrupts the running cell; false when none runs. */
  async interrupt(options: CallOptions = {}): Promise<boolean> {
    const { interrupted } = await this.#service.resource<Interruption>("POST", `${this.#path}/interrupt`, {
      ...options,
      field: "interrupted",
    });
    return interrupted;
  }

  /** Ends the context and its running cell. Nothing happens where it or its sandbox has ended. */
  async close(options: CallOptions = {}): Promise<void> {
    const request = { ...options, isRepeatable: true };
    await forgive(this.#service.json("DELETE", this.#path, request), "not_found", "conflict");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #submission(cell: string | Cell) {
    return { path: `${this.#path}/executions`, request: typeof cell === "string" ? { code: cell } : cell };
  }
}

/** The contexts of a sandbox. */
export class Contexts {
  readonly #service: Service;
  readonly #path: string;

  /** @param path the path of the session */
  constructor(service: Service, path: string) {
    this.#service = service;
    this.#path = path;
  }

  /**
   * Starts an interpreter for a language (default: the sandbox's). Returns when it can evaluate.
   *
   * @throws {CodeBeakerError} `unsupported_language` where the language has no contexts in this sandbox
   */
  async create({ language, signal }: CallOptions & { readonly language?: string | undefined } = {}): Promise<Context> {
    const info = await this.#service.resource<ContextInfo>("POST", `${this.#path}/contexts`, {
      json: { language },
      signal,
    });
    return new Context(this.#service, this.#path, info);
  }

  /** Lists the contexts that are not lost, the oldest first. */
  async list(options: CallOptions = {}): Promise<Context[]> {
    const path = `${this.#path}/contexts`;
    const request = { ...options, isRepeatable: true, field: "contexts" };
    const { contexts } = await this.#service.resource<ContextList>("GET", path, request);
    return contexts.map((info) => new Context(this.#service, this.#path, info));
  }
}

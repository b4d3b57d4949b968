import { Commands, type InstallOptions } from "./commands.ts";
import { Contexts } from "./contexts.ts";
import { CodeBeakerError, forgive } from "./errors.ts";
import { Files } from "./files.ts";
import { CANCEL_MS, type Program, runProgram, startProgram, withStdin } from "./program.ts";
import { type CallOptions, type RequestOptions, Service, type ServiceOptions } from "./service.ts";
import type {
  Execution,
  ExecutionRequest,
  Session,
  SessionChanges,
  SessionExecutionRequest,
  SessionRequest,
} from "./types.ts";

/** Options of a call to a service that is not known yet. */
export interface ConnectOptions extends ServiceOptions, CallOptions {}

/**
 * An isolated place that lasts, which the service calls a session. Programs run in it one after another, and its files
 * stay between them. Disposing ends it.
 */
export class Sandbox implements AsyncDisposable {
  /** The session as it was when this object was made; {@link getInfo} asks for it again. */
  readonly info: Session;
  /** The files of its workspace. */
  readonly files: Files;
  /** Stateful interpreters. */
  readonly contexts: Contexts;
  /** The shell, packages, and operations on files. */
  readonly commands: Commands;
  readonly #service: Service;

  private constructor(service: Service, info: Session) {
    const path = pathOf(info.id);
    this.info = info;
    this.#service = service;
    this.files = new Files(service, path);
    this.contexts = new Contexts(service, path);
    this.commands = new Commands(service, path);
  }

  /**
   * Creates a sandbox, for a language or from a whole request. It ends after `idleTimeoutMs` (30 minutes) without
   * activity, and after `maxLifetimeMs` (2 hours). So does one whose answer is lost on the way. Aborting the signal kills
   * one whose answer comes within 2 s.
   *
   * @throws {CodeBeakerError} `unsupported_language`, `no_suitable_runtime`, `runtime_unavailable`; `busy`
   */
  static async create(request: string | SessionRequest, options: ConnectOptions = {}): Promise<Sandbox> {
    const service = new Service(options);
    const json = typeof request === "string" ? { language: request } : request;
    return await killOnAbort(options.signal, async (wait) => {
      return new Sandbox(service, await service.resource("POST", "/v1/sessions", { json, ...wait }));
    });
  }

  /**
   * Finds a sandbox by its id.
   *
   * @throws {CodeBeakerError} `not_found`; `conflict` when it has ended
   */
  static async connect(id: string, options: ConnectOptions = {}): Promise<Sandbox> {
    const service = new Service(options);
    const info = await show(service, id, options);
    const { closedBecause, state } = info;
    if (state !== "closed" && state !== "closing") return new Sandbox(service, info);
    throw new CodeBeakerError("conflict", `Cannot use the sandbox ${id} as it has ended: ${closedBecause ?? state}`);
  }

  /** The id of the sandbox, with which other processes can connect to it. */
  get id(): string {
    return this.info.id;
  }

  /**
   * Runs code, or a program of several files, to its end. A program that fails is a result. Its stdin is empty unless
   * it is given. Aborting the signal ends the program. It waits for its turn up to an hour.
   *
   * @throws {CodeBeakerError} `conflict` when the sandbox has ended; `invalid_request`
   */
  async run(program: string | SessionExecutionRequest, options: CallOptions = {}): Promise<Execution> {
    return await runProgram(this.#service, this.#submission(withStdin(toProgram(program))), options);
  }

  /** Starts a program, whose stdin is open unless it is given. @throws {CodeBeakerError} as {@link run} does */
  async start(program: string | SessionExecutionRequest, options: CallOptions = {}): Promise<Program> {
    return await startProgram(this.#service, this.#submission(toProgram(program)), options);
  }

  /** Installs packages, as {@link Commands.install} does. */
  async install(packages: readonly string[], options: InstallOptions = {}): Promise<Execution> {
    return await this.commands.install(packages, options);
  }

  /** Asks for the present state of the session, also of one that has ended. */
  async getInfo(options: CallOptions = {}): Promise<Session> {
    return await show(this.#service, this.id, options);
  }

  /** Sets how long the sandbox lasts without activity, in ms. From 1,000 to 604,800,000 (7 days). */
  async setTimeout(idleTimeoutMs: number, options: CallOptions = {}): Promise<Session> {
    return await this.update({ idleTimeoutMs }, options);
  }

  /** Changes timeouts, or replaces metadata. @throws {CodeBeakerError} `conflict` when the sandbox has ended */
  async update(changes: SessionChanges, { signal }: CallOptions = {}): Promise<Session> {
    const request = { json: changes, signal, isRepeatable: true };
    return await this.#service.resource("PATCH", pathOf(this.id), request);
  }

  /** Ends the sandbox, its programs and its files; does nothing to one that has ended. */
  async kill({ signal }: CallOptions = {}): Promise<void> {
    await forgive(this.#service.json("DELETE", pathOf(this.id), { signal, isRepeatable: true }), "not_found");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #submission(request: SessionExecutionRequest) {
    return { path: `${pathOf(this.id)}/executions`, request };
  }
}

/**
 * Runs one program in a place of its own, without a sandbox that lasts.
 *
 * @throws {CodeBeakerError} `unsupported_language`, `no_suitable_runtime`, `runtime_unavailable`; `invalid_request`
 */
export async function run(request: ExecutionRequest, { signal, ...service }: ConnectOptions = {}): Promise<Execution> {
  const submission = { path: "/v1/executions", request: withStdin(request) };
  return await runProgram(new Service(service), submission, { signal });
}

/** Starts one program in a place of its own. @throws {CodeBeakerError} as {@link run} does */
export async function start(request: ExecutionRequest, { signal, ...service }: ConnectOptions = {}): Promise<Program> {
  return await startProgram(new Service(service), { path: "/v1/executions", request }, { signal });
}

/**
 * Waits for a new sandbox. Where the signal aborts, an answer that is under way has a moment yet, and its sandbox is
 * killed: best effort, as the call has ended.
 */
async function killOnAbort(
  signal: AbortSignal | undefined,
  create: (wait: Pick<RequestOptions, "delivery" | "signal">) => Promise<Sandbox>,
): Promise<Sandbox> {
  signal?.throwIfAborted();
  const delivery = { mayHaveArrived: false };
  const ending = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => ending.abort(signal?.reason);
  const endSoon = () => {
    if (delivery.mayHaveArrived) timer = setTimeout(end, CANCEL_MS);
    else end();
  };
  signal?.addEventListener("abort", endSoon, { once: true });
  try {
    const sandbox = await create({ delivery, signal: ending.signal });
    if (signal?.aborted) await sandbox.kill({ signal: ending.signal }).catch(() => {});
    signal?.throwIfAborted();
    return sandbox;
  } finally {
    signal?.removeEventListener("abort", endSoon);
    clearTimeout(timer);
  }
}

async function show(service: Service, id: string, { signal }: CallOptions): Promise<Session> {
  return await service.resource("GET", pathOf(id), { signal, isRepeatable: true });
}

function pathOf(id: string): string {
  return `/v1/sessions/${encodeURIComponent(id)}`;
}

function toProgram(program: string | SessionExecutionRequest): SessionExecutionRequest {
  return typeof program === "string" ? { code: program } : program;
}

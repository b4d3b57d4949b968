import { lstatSync } from "node:fs";
import { join } from "@std/path";
import type { Outcome } from "../../core/execution.ts";
import type { Child } from "../../process/run_child.ts";
import { WarmSlot, type WarmStart } from "../warm/warm_slot.ts";
import type { ProgramHandle, RunOptions, RuntimeConfig } from "../port.ts";
import {
  type ConfinedProcess,
  keyOf,
  type ProcessRequest,
  type ProcessSite,
  startProcess,
} from "./confined_process.ts";
import { TEMPORARY_NAME } from "./mounts.ts";
import { warmMemoryMb } from "./spec.ts";

/** How long a program waits at most for a starting warm process. A cold one takes as long. */
const MAX_WAIT_MS = 100;

/** A running program, and a promise that settles when all its processes are gone. */
export type StartedProgram = ProgramHandle & Pick<Child, "gone">;

/** The parts of a site that do not depend on the environment's configuration. */
type SharedSite = Omit<ProcessSite, "environment" | "permissions">;

/** The processes of one environment: the running ones and the warm one. Disposing ends them. */
export class EnvironmentProcesses implements AsyncDisposable {
  readonly #site: SharedSite;
  #config: RuntimeConfig;
  readonly #warm: WarmSlot<ConfinedProcess, string>;
  readonly #running = new Set<Child>();
  /** Interpreters of contexts, which run beside everything else. */
  readonly #interpreters = new Set<Child>();
  #isWarm = false;
  #starting = 0;
  #emptying: Promise<unknown> = Promise.resolve();
  #isDisposed = false;

  constructor(site: SharedSite, config: RuntimeConfig) {
    this.#site = site;
    this.#config = config;
    const { host: { memory: budget }, spec: { warm } } = site;
    this.#warm = new WarmSlot({
      budget,
      memoryMb: warm === undefined ? 0 : warmMemoryMb(warm, config.environment),
      maxWaitMs: MAX_WAIT_MS,
    });
  }

  /** Where processes start, with the permissions of the environment. */
  get site(): ProcessSite {
    const { environment, permissions } = this.#config;
    return { ...this.#site, environment, permissions };
  }

  /** Whether the last program used a warm process. */
  get wasWarm(): boolean {
    return this.#isWarm;
  }

  /** Whether there is a warm process. */
  get hasWarm(): boolean {
    return this.#warm.isAlive;
  }

  /** Starts a warm process. @throws {CodeBeakerError} `runtime_unavailable` */
  async prepare(request: ProcessRequest): Promise<void> {
    await this.#warm.start(this.#warmStart(request));
  }

  /** Gives the variables of a request to an environment that was made for any request. */
  setVariables(environmentVariables: RuntimeConfig["environmentVariables"]): void {
    this.#config = { ...this.#config, environmentVariables };
  }

  /** Applies the configuration of a session. The warm process is kept for a minute, where there is memory for it. */
  async makeLasting(config: RuntimeConfig): Promise<void> {
    this.#config = config;
    await this.#warm.keep();
  }

  /** Starts a program. The warm process runs it if it was started for such a program, else a new process. */
  async start(request: ProcessRequest, options: RunOptions): Promise<StartedProgram> {
    this.#starting++;
    try {
      await this.#admit(options);
      const warm = this.#canBeWarm(request) ? await this.#warm.take(keyOf(request)) : undefined;
      const process = warm ?? await startProcess(this.site, request, { signal: options.signal, goesOn: true });
      if (request.part !== "compiled") this.#isWarm = warm !== undefined;
      const { host: { pool }, spec: { facts } } = this.#site;
      if (this.#keepsWarm(request)) pool?.count(facts.name, { isHit: this.#isWarm });
      const handle = this.#follow(process, { request, options, among: this.#running });
      handle.gone.then(() => this.#prepareNext(request));
      return handle;
    } finally {
      this.#starting--;
    }
  }

  /** Starts the interpreter of a context. */
  async startInterpreter(request: ProcessRequest, options: RunOptions): Promise<ProgramHandle> {
    this.#starting++;
    try {
      await this.#admit(options);
      const start = { signal: options.signal, goesOn: true, isContext: true };
      const process = await startProcess(this.site, request, start);
      return this.#follow(process, { request, options, among: this.#interpreters });
    } finally {
      this.#starting--;
    }
  }

  /** Makes a child end with the environment. */
  own(child: Child, among = this.#running): Child {
    among.add(child);
    child.gone.then(() => among.delete(child));
    if (this.#isDisposed) child.kill("SIGKILL");
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#emptying;
    await this.#warm[Symbol.asyncDispose]();
    await Promise.all([...this.#running, ...this.#interpreters].map((child) => {
      child.kill("SIGKILL");
      return Promise.all([child.outcome, child.gone]); // The end measures the directory once more.
    }));
  }

  /** Waits until a program may begin in the directory. @throws {CodeBeakerError} `too_large` */
  async #admit({ limits: { timeoutMs }, signal }: RunOptions): Promise<void> {
    const { directory, mounts } = this.#site;
    await this.#emptying;
    directory.reopen(mounts.workspace.source); // A closed workspace cannot be counted.
    await directory.admitProgram({ signal, timeoutMs });
  }

  /** Lets the program of a process begin. */
  #follow(
    { child: ready, denials, forgetDenials }: ConfinedProcess,
    { among, options, request: { launch: { orders } } }: {
      readonly among: Set<Child>;
      readonly options: RunOptions;
      readonly request: ProcessRequest;
    },
  ): StartedProgram {
    const sent = orders === undefined ? undefined : new TextEncoder().encode(orders);
    const child = this.own(ready.begin({ ...options, orders: sent }), among);
    const outcome = child.outcome.then(async (ended) => {
      await this.#emptyDirectories(child, ended);
      return ended;
    });
    const { permissions } = this.#config;
    return {
      ...child,
      outcome,
      ...(denials && { denials: () => ({ permissions, denials: denials() }) }),
      ...(forgetDenials && { forgetDenials }),
    };
  }

  /**
   * Whether a warm process can read this program. A process that opened a placeholder needs a regular file in its
   * place.
   */
  #canBeWarm({ launch: { waiting: { opens } = {} } }: ProcessRequest): boolean {
    if (opens === undefined) return true;
    const { workspace } = this.#site.mounts;
    return lstatSync(join(workspace.source, opens.path), { throwIfNoEntry: false })?.isFile() === true;
  }

  /** Whether a warm process is kept for the next program like this one. */
  #keepsWarm({ launch, part }: ProcessRequest): boolean {
    const { warm } = this.#site.spec;
    // A compiler's directory is removed with its program.
    return part === undefined && warm !== undefined && this.#config.singleUse !== true &&
      (launch.waiting?.handshake ?? launch.handshake) === "ready_and_go";
  }

  /** Starts a warm process for a session's same program, once the service is idle. */
  #prepareNext(request: ProcessRequest): void {
    if (!this.#keepsWarm(request)) return;
    this.#site.host.pool?.schedule(this, async () => {
      const isBusy = this.#running.size + this.#starting > 0;
      if (!this.#isDisposed && !isBusy && !this.#warm.has(keyOf(request))) {
        // The program's file is there already, and may be replaced: a placeholder cannot be made.
        const { launch: { waiting, ...launch } } = request;
        const started = waiting?.opens === undefined ? request : { ...request, launch };
        await this.#warm.prepare(this.#warmStart(request, started));
      }
    });
  }

  #warmStart(request: ProcessRequest, started = request): WarmStart<ConfinedProcess, string> {
    const ownKey = keyOf(request);
    return {
      serves: (key) => key === ownKey,
      start: () => startProcess(this.site, started, { goesOn: false }),
    };
  }

  /**
   * Empties the directories that a client cannot reach, after a disk limit. Their files would fill the workspace for
   * every later program.
   */
  async #emptyDirectories({ gone }: Child, ended: Outcome): Promise<void> {
    if (ended.kind !== "disk_limit") return;
    await gone;
    if (this.#isDisposed || this.#running.size + this.#interpreters.size + this.#starting > 0) return;
    await this.#warm.clear();
    const names = [TEMPORARY_NAME, ...this.#site.spec.directories];
    this.#emptying = Promise.allSettled(names.map((name) => this.#site.directory.renew(name)));
    await this.#emptying;
  }
}

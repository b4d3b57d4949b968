import type { CellRequest, ContextInfo } from "../core/requests/cell_request.ts";
import { MAX_LIFETIME_MS } from "../core/requests/session_request.ts";
import type { Admission } from "../engine/admission.ts";
import type { Caller, SubmitOptions, Submitted } from "../engine/port.ts";
import type { Clock } from "../concurrency/clock.ts";
import type { ContextsPort } from "./port.ts";
import type { Session } from "./session.ts";
import { programOfCell } from "./session_program.ts";
import type { SessionRunner } from "./session_runner.ts";

/** The parts that open and use contexts. */
export interface SessionContextsOptions {
  readonly caller: Caller;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly runner: SessionRunner;
}

/** The contexts of a session, for one caller. */
export class SessionContexts implements ContextsPort {
  readonly #session: Session;
  readonly #options: SessionContextsOptions;

  constructor(session: Session, options: SessionContextsOptions) {
    this.#session = session;
    this.#options = options;
  }

  async create(
    language: string | undefined,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ContextInfo> {
    const session = this.#session;
    const { admission, caller: { principal }, clock, runner } = this.#options;
    session.contexts.checkRoom();
    admission.check(principal);
    using _use = session.use();
    using memory = new DisposableStack();
    const limits = session.lowerLimits({});
    memory.use(await admission.reserveMemory(session.memoryFor(limits), { signal }));
    using _slot = await admission.enter(principal, { isPatient: false, memoryMb: 0, signal });
    const act = () =>
      session.attempt((environment) =>
        session.contexts.open(environment, {
          language: language ?? session.request.language,
          limits,
          lifetimeMs: MAX_LIFETIME_MS, // The session ends the context, and its lifetime may be extended.
          createdAt: clock.now(),
          memory: memory.move(),
          charge: (usage) => admission.charge(principal, { usage }),
          signal,
        })
      );
    return await runner.inEnvironment(session, act);
  }

  findDefault(language: string = this.#session.request.language): Promise<string> {
    return this.#session.defaultContexts.find(language, {
      isLive: (id) => this.list().some((context) => context.id === id),
      create: async () => (await this.create(language)).id,
    });
  }

  submit(id: string, request: CellRequest, options: SubmitOptions = {}): Promise<Submitted> {
    return Promise.try(() => {
      const context = this.#session.contexts.get(id);
      const program = programOfCell(this.#session, context, request);
      return this.#options.runner.start(this.#options.caller, this.#session, { program, options });
    });
  }

  list(): readonly ContextInfo[] {
    return this.#session.contexts.list();
  }

  interrupt(id: string): boolean {
    return this.#session.contexts.interrupt(id);
  }

  async close(id: string): Promise<void> {
    using _use = this.#session.use();
    await this.#session.contexts.close(id);
  }
}

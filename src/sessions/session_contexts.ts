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
  /** Finds the open session. @throws {CodeBeakerError} `not_found`; `conflict` when it is not open */
  readonly open: () => Session;
  readonly caller: Caller;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly runner: SessionRunner;
  /** Whether cells may install packages. */
  readonly mayInstall: boolean;
}

/** The contexts of a session, for one caller. */
export class SessionContexts implements ContextsPort {
  readonly #sessionId: string;
  readonly #options: SessionContextsOptions;

  constructor(sessionId: string, options: SessionContextsOptions) {
    this.#sessionId = sessionId;
    this.#options = options;
  }

  async create(
    language: string | undefined,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ContextInfo> {
    const { admission, caller: { principal }, clock, open, runner } = this.#options;
    const session = open();
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

  async findDefault(language?: string): Promise<string> {
    const { contexts, defaultContexts, request } = this.#options.open();
    const wanted = language ?? request.language;
    return await defaultContexts.find(wanted, {
      isLive: (id) => contexts.list().some((context) => context.id === id),
      create: async () => (await this.create(wanted)).id,
    });
  }

  submit(id: string, request: CellRequest, options: SubmitOptions = {}): Promise<Submitted> {
    return Promise.try(() => {
      const { admission, caller, mayInstall, open, runner } = this.#options;
      const repeated = runner.findRepeated(caller, { session: this.#sessionId, context: id, request }, options);
      if (repeated !== undefined) return repeated;
      const session = open();
      const program = programOfCell(session, {
        context: session.contexts.get(id),
        request,
        mayInstall,
        reserveMemory: (signal) => admission.reserveMemory(session.memoryFor(session.lowerLimits({})), { signal }),
      });
      return runner.start(caller, session, { program, options });
    });
  }

  list(): readonly ContextInfo[] {
    return this.#options.open().contexts.list();
  }

  interrupt(id: string): boolean {
    return this.#options.open().contexts.interrupt(id);
  }

  async close(id: string): Promise<void> {
    const session = this.#options.open();
    using _use = session.use();
    await session.contexts.close(id);
  }
}

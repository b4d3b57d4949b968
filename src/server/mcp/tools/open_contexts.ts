import { abortable } from "@std/async/abortable";
import { canonicalLanguage } from "../../../core/languages.ts";
import type { ContextInfo } from "../../../core/requests/cell_request.ts";
import type { Caller } from "../../../engine/port.ts";
import type { SessionsPort } from "../../../sessions/port.ts";

/** The session and the language of a cell. */
interface CellPlace {
  readonly caller: Caller;
  readonly sessionId: string;
  readonly language: string | undefined;
  /** Aborting ends the wait, and not the interpreter's start. Another call may wait for it. */
  readonly signal: AbortSignal;
}

/** Finds the context for a cell. Each session has one for each language, however many calls ask at once. */
export class OpenContexts {
  readonly #sessions: Pick<SessionsPort, "contexts" | "show">;
  readonly #opening = new Map<string, Promise<ContextInfo>>();

  constructor(sessions: Pick<SessionsPort, "contexts" | "show">) {
    this.#sessions = sessions;
  }

  /**
   * Finds or starts the context, and returns its id.
   *
   * @throws {CodeBeakerError} as {@link SessionsPort.contexts} and its `create` do
   */
  async find({ caller, sessionId, language: given, signal }: CellPlace): Promise<string> {
    const language = given === undefined ? this.#sessions.show(caller, sessionId).language : canonicalLanguage(given);
    const contexts = this.#sessions.contexts(caller, sessionId);
    const open = contexts.list().find((context) => context.language === language);
    if (open !== undefined) return open.id;
    const key = `${sessionId} ${language}`; // An id of a session is one tenant's.
    let opening = this.#opening.get(key);
    if (opening === undefined) {
      opening = contexts.create(language).finally(() => this.#opening.delete(key));
      opening.catch(() => {}); // Every call that waits for it may have been cancelled.
      this.#opening.set(key, opening);
    }
    return (await abortable(opening, signal)).id;
  }
}

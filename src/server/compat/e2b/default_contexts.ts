/** Most sessions whose default contexts are known. A session that is forgotten gets new ones. */
const MAX_SESSIONS = 1_000;

/** The default context of each language of a session. Its first use creates it. */
export class DefaultContexts {
  readonly #ids = new Map<string, Map<string, Promise<string>>>();

  /** Finds the default context of a language; undefined means the session's own. */
  find(session: string, language: string | undefined, create: () => Promise<string>): Promise<string> {
    const known = this.#ids.get(session) ?? this.#add(session);
    const found = known.get(language ?? "");
    if (found !== undefined) return found;
    const created = create();
    known.set(language ?? "", created);
    created.catch(() => this.drop(session, language)); // The caller has the error.
    return created;
  }

  /** Drops a context that was lost. */
  drop(session: string, language: string | undefined): void {
    this.#ids.get(session)?.delete(language ?? "");
  }

  /** Forgets a session. */
  forget(session: string): void {
    this.#ids.delete(session);
  }

  #add(session: string): Map<string, Promise<string>> {
    const [oldest] = this.#ids.keys();
    if (this.#ids.size >= MAX_SESSIONS && oldest !== undefined) this.#ids.delete(oldest);
    const added = new Map<string, Promise<string>>();
    this.#ids.set(session, added);
    return added;
  }
}

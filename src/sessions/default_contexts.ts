/** How default contexts are looked up and created. */
export interface DefaultContextsOptions {
  /** Whether a context is not lost. */
  readonly isLive: (id: string) => boolean;
  /** Creates a context, and returns its id. */
  readonly create: () => Promise<string>;
}

/** The default context of each language of one session. Its first use creates it. */
export class DefaultContexts {
  readonly #ids = new Map<string, Promise<string>>();

  /**
   * Finds the default context of a language, and replaces one that is lost. Callers that ask while it is created share
   * it, and a caller that leaves does not cancel its creation.
   *
   * @throws the error of its creation, also to those who share it; the next who asks tries again
   */
  async find(language: string, { create, isLive }: DefaultContextsOptions): Promise<string> {
    const known = this.#ids.get(language);
    if (known !== undefined && isLive(await known)) return known;
    const replaced = this.#ids.get(language);
    if (replaced !== undefined && replaced !== known) return await replaced;
    const created = create();
    this.#ids.set(language, created);
    created.catch(() => this.#ids.delete(language)); // Those who ask have the error.
    return await created;
  }
}

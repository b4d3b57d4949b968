/** Whose turn it is to change a file: others that come for the same path wait, in order. */
export class FileTurns {
  readonly #last = new Map<string, Promise<void>>();

  /** The turn for a path, which its owner disposes of. */
  async take(path: string): Promise<Disposable> {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const before = this.#last.get(path);
    this.#last.set(path, over);
    await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#last.get(path) === over) this.#last.delete(path);
        end();
      },
    };
  }
}

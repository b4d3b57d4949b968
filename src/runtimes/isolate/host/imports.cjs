/** The imports of a program while it runs, by `import()`. */
const { failureOf } = require("./errors.cjs");
const { hasRun } = require("./modules.cjs");

/**
 * The running imports of a program. They are linked and evaluated one after another, between other parts of the
 * program.
 */
exports.Imports = class Imports {
  #modules;
  #program;
  /** The imports that have not run to their ends. */
  #pending = [];

  /**
   * @param program the isolate with the imports that it asked for, functions that give it their results, and
   *   `originalOf`
   */
  constructor(modules, program) {
    this.#modules = modules;
    this.#program = program;
  }

  /** Begins the imports that were asked for; returns whether there were any. */
  begin() {
    const asked = this.#program.asked.splice(0);
    for (const { id, path, specifier } of asked) this.#begin(id, { path, specifier });
    return asked.length > 0;
  }

  /**
   * Runs a part of the program; undefined where an import has failed in it.
   *
   * @throws {Error} the program's error, unless it is that of a file that is being imported
   */
  run(part) {
    try {
      const value = part();
      this.#resolve();
      return value;
    } catch (error) {
      if (this.#program.isolate.isDisposed || !this.#reject()) throw error;
      return undefined;
    }
  }

  #begin(id, { path, specifier }) {
    let linked;
    try {
      linked = this.#modules.link(specifier, path);
    } catch (error) {
      if (this.#program.isolate.isDisposed) throw error;
      return this.#fail(id, error);
    }
    this.#pending.push({ id, ...linked });
    this.run(() => linked.boot.evaluateSync());
  }

  /** Resolves the imports that have run. */
  #resolve() {
    const ready = this.#pending.filter(({ boot }) => hasRun(boot));
    this.#pending = this.#pending.filter((one) => !ready.includes(one));
    for (const { boot, id } of ready) {
      const namespace = boot.namespace.getSync("namespace", { reference: true });
      this.run(() => this.#program.resolveImport(id, namespace.derefInto()));
    }
  }

  /**
   * Rejects the imports that have failed; returns whether any has. A module that has failed fails again for any other.
   */
  #reject() {
    const failed = this.#pending.flatMap((one) => {
      try {
        this.#modules.bootOf(one.module).evaluateSync();
        return [];
      } catch (error) {
        return [{ one, error }];
      }
    });
    this.#pending = this.#pending.filter((one) => !failed.some((other) => other.one === one));
    for (const { error, one: { id } } of failed) this.#fail(id, error);
    return failed.length > 0;
  }

  #fail(id, error) {
    const { originalOf, rejectImport } = this.#program;
    this.run(() => rejectImport(id, failureOf(error, originalOf)));
  }
};

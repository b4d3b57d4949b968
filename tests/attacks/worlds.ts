import type { Finding } from "./attack.ts";
import { openWorld, type World } from "./world.ts";

/**
 * Worlds that attacks are aimed at one after another. One in which anything was found is given to no other attack; what
 * shows later than its attack's end is found by the next.
 */
export class Worlds implements AsyncDisposable {
  readonly #unharmed: World[] = [];

  /** Gives an attack a world of its own while it goes on. */
  async use<T extends { readonly findings: readonly Finding[] }>(attack: (world: World) => Promise<T>): Promise<T> {
    const world = this.#unharmed.pop() ?? await openWorld();
    let isUnharmed = false;
    try {
      const report = await attack(world);
      isUnharmed = report.findings.length === 0;
      return report;
    } finally {
      if (isUnharmed) this.#unharmed.push(world);
      else await world[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#unharmed.splice(0).map((world) => world[Symbol.asyncDispose]()));
  }
}

import type { RuntimeHost } from "../../src/runtimes/port.ts";

/** A pool that makes what is asked for when it is asked for, and has done so ahead of time as far as anybody can tell. */
export const EAGER_POOL: NonNullable<RuntimeHost["pool"]> = {
  async take(_kind, { make }) {
    const member = await make();
    return { member, [Symbol.asyncDispose]: () => member[Symbol.asyncDispose]() };
  },
  stock() {},
  count() {},
  soon(_who, errand) {
    errand().catch(() => {}); // As the real one: whoever needs it goes without.
  },
};

import type { RuntimeHost } from "../../src/runtimes/port.ts";

/** A pool that makes a member at each request and leases it as if it had been warm. */
export const EAGER_POOL: NonNullable<RuntimeHost["pool"]> = {
  async lease(_kind, { make }) {
    const member = await make();
    return { member, [Symbol.asyncDispose]: () => member[Symbol.asyncDispose]() };
  },
  warmUp() {},
  count() {},
  onEvictAll: () => ({ [Symbol.dispose]() {} }),
  schedule(_client, task) {
    task().catch(() => {}); // The real pool ignores failures, too.
  },
};

import { assertEquals } from "@std/assert";
import type { Container } from "../../../../src/runtimes/docker/container/container.ts";
import {
  SessionContainer,
  type SessionContainerOptions,
} from "../../../../src/runtimes/docker/environment/session_container.ts";

/** A session container that reports a signal to its processes, and runs no program. */
function openSession(): { readonly session: SessionContainer; readonly signals: string[] } {
  const signals: string[] = [];
  const container = {
    id: "c",
    group: undefined,
    signal: (name: string, pid: number) => Promise.resolve(void signals.push(`${name} ${pid}`)),
  } as unknown as Container;
  const options = {
    ...{ installation: { log: {} }, containers: { id: "e" }, bounds: { set: () => Promise.resolve() } },
    ...{ started: container, takeFiles: () => new Map(), hasPrograms: () => false },
    sample: () => Promise.resolve(undefined),
  } as unknown as SessionContainerOptions;
  return { session: new SessionContainer(options), signals };
}

Deno.test("SessionContainer.clean() waits for an operation that reads on", async () => {
  const { session, signals } = openSession();
  const read = Promise.withResolvers<void>();
  await session.lend((_container, hold) => Promise.resolve(hold(read.promise)));
  session.clean({ isFull: false });
  const next = session.lend(() => Promise.resolve(signals.length));
  read.resolve();
  assertEquals([await next, signals], [1, ["SIGKILL -1"]]);
});

Deno.test("SessionContainer.close() ends the wait for a download without a reader", async () => {
  const { session, signals } = openSession();
  await session.lend((_container, hold) => Promise.resolve(hold(new Promise(() => {}))));
  session.clean({ isFull: false });
  await session.close();
  await session.cleaned;
  assertEquals(signals, []);
});

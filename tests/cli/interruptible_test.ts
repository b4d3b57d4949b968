import { assertEquals } from "@std/assert";
import { settledUnlessInterrupted } from "../../src/cli/interruptible.ts";

Deno.test("settledUnlessInterrupted() waits for an end, whichever it is", async () => {
  const { signal } = new AbortController();
  const { promise, reject } = Promise.withResolvers<void>();
  let isOver = false;
  const waiting = settledUnlessInterrupted(promise, signal).then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(isOver, false);
  reject(new Error("it broke"));
  await waiting;
  await settledUnlessInterrupted(Promise.resolve(), signal);
});

Deno.test("settledUnlessInterrupted() waits no longer than until an interrupt, also one that came before", async () => {
  const interrupt = new AbortController();
  const { promise } = Promise.withResolvers<void>();
  const waiting = settledUnlessInterrupted(promise, interrupt.signal);
  interrupt.abort("SIGINT");
  await waiting;
  await settledUnlessInterrupted(promise, interrupt.signal);
});

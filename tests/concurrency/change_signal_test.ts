import { assertEquals } from "@std/assert";
import { ChangeSignal } from "../../src/concurrency/change_signal.ts";

const NEVER = new AbortController().signal;

Deno.test("ChangeSignal.changedSince() waits for the next change, and not when there was one", async () => {
  const changes = new ChangeSignal();
  const { count } = changes;
  const waiting = [changes.changedSince(count, NEVER), changes.changedSince(count, NEVER)];
  assertEquals(changes.waiting, 2);
  changes.notify();
  await Promise.all(waiting);
  assertEquals(changes.waiting, 0);
  await changes.changedSince(count, NEVER);
});

Deno.test("ChangeSignal.changedSince() ends when its signal aborts, and leaves nothing behind", async () => {
  const changes = new ChangeSignal();
  const gone = new AbortController();
  const waiting = changes.changedSince(0, gone.signal);
  gone.abort();
  await waiting;
  await changes.changedSince(0, gone.signal);
  assertEquals(changes.waiting, 0);
});

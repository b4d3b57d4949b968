import { assertEquals } from "@std/assert";
import { onAbort } from "../../src/concurrency/on_abort.ts";

Deno.test("onAbort() calls when the signal aborts, at once if it has, and never once it is disposed of", () => {
  const called: string[] = [];
  const [early, late, never] = [AbortSignal.abort(), new AbortController(), new AbortController()];
  using _early = onAbort(early, () => called.push("early"));
  assertEquals(called, ["early"]);
  using _late = onAbort(late.signal, () => called.push("late"));
  onAbort(never.signal, () => called.push("never"))[Symbol.dispose]();
  assertEquals(called, ["early"]);
  late.abort();
  never.abort();
  assertEquals(called, ["early", "late"]);
  onAbort(undefined, () => called.push("no signal"))[Symbol.dispose]();
  assertEquals(called, ["early", "late"]);
});

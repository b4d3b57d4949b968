import { assertEquals } from "@std/assert";
import { WaiterSet } from "../../src/engine/waiter_set.ts";

/** An audience, and how often it was told to be deserted. */
function counted() {
  const seen = { deserted: 0 };
  return { seen, audience: new WaiterSet(() => seen.deserted++) };
}

Deno.test("WaiterSet is deserted when the last of it has gone, once", () => {
  const { seen, audience } = counted();
  using _audience = audience;
  const [first, second] = [new AbortController(), new AbortController()];
  audience.join(first.signal);
  audience.join(second.signal);
  first.abort();
  assertEquals(seen.deserted, 0);
  second.abort();
  second.abort();
  assertEquals(seen.deserted, 1);
});

Deno.test("WaiterSet is never deserted by who brings no signal, and at once where its only one is gone already", () => {
  const kept = counted();
  using _kept = kept.audience;
  kept.audience.join(undefined);
  kept.audience.join(AbortSignal.abort());
  assertEquals(kept.seen.deserted, 0);
  const gone = counted();
  using _gone = gone.audience;
  gone.audience.join(AbortSignal.abort());
  assertEquals(gone.seen.deserted, 1);
});

Deno.test("WaiterSet hears nothing of those who go when it is over", () => {
  const { seen, audience } = counted();
  const late = new AbortController();
  {
    using over = audience;
    over.join(late.signal);
  }
  late.abort();
  assertEquals(seen.deserted, 0);
});

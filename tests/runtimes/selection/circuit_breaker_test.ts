import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { CircuitBreaker } from "../../../src/runtimes/selection/circuit_breaker.ts";

/** A circuit with a clock that a test moves. */
function breakerAt(startMs = 1_000) {
  let now = startMs;
  const breaker = new CircuitBreaker(() => now);
  return {
    breaker,
    advance: (ms: number) => {
      now += ms;
    },
    fail: (reason = "it broke") => {
      using permit = breaker.admit();
      permit.fail(reason);
    },
    succeed: () => {
      using permit = breaker.admit();
      permit.succeed();
    },
  };
}

/** A circuit that three consecutive failures have just opened. */
function openBreaker() {
  const circuit = breakerAt();
  for (const reason of ["first", "second", "third"]) circuit.fail(reason);
  return circuit;
}

function refuse(breaker: CircuitBreaker): CodeBeakerError {
  return assertThrows(() => breaker.admit(), CodeBeakerError);
}

Deno.test("CircuitBreaker opens after three consecutive failures, and tells why", () => {
  const { breaker, fail } = breakerAt();
  fail();
  fail();
  assertEquals(breaker.whyOpen(), undefined);
  fail("no socket");
  const reason = "circuit open for 5 s: 3 consecutive failures (no socket)";
  assertEquals(breaker.whyOpen(), { reason, retryAfterMs: 5_000 });
  const error = refuse(breaker);
  assertEquals([error.code, error.message, error.details.retryAfterMs], ["runtime_unavailable", reason, 5_000]);
});

Deno.test("CircuitBreaker counts only consecutive failures", () => {
  const { breaker, fail, succeed } = breakerAt();
  for (let round = 0; round < 5; round++) {
    fail();
    fail();
    succeed();
  }
  assertEquals(breaker.whyOpen(), undefined);
});

Deno.test("CircuitBreaker does not count a permit that is disposed of untold", () => {
  const { breaker, fail } = breakerAt();
  fail();
  fail();
  for (let round = 0; round < 5; round++) breaker.admit()[Symbol.dispose]();
  assertEquals(breaker.whyOpen(), undefined);
  fail();
  assert(breaker.whyOpen() !== undefined);
});

Deno.test("CircuitBreaker lets anything through at the same time while it is closed", () => {
  const { breaker } = breakerAt();
  using _one = breaker.admit();
  using _two = breaker.admit();
  assertEquals(breaker.whyOpen(), undefined);
});

Deno.test("CircuitBreaker is due when its pause is over, and not a moment before", () => {
  const { breaker, advance } = openBreaker();
  advance(4_999);
  assertEquals(breaker.whyOpen(), {
    reason: "circuit open for 1 s: 3 consecutive failures (third)",
    retryAfterMs: 1,
  });
  refuse(breaker);
  advance(1);
  assertEquals(breaker.whyOpen(), undefined);
});

Deno.test("CircuitBreaker admits one trial at a time when it is due, and looking does not take it", () => {
  const { breaker, advance } = openBreaker();
  advance(5_000);
  for (let look = 0; look < 3; look++) assertEquals(breaker.whyOpen(), undefined);
  using _trial = breaker.admit();
  const error = refuse(breaker);
  assertStringIncludes(error.message, "another execution tries it: 3 consecutive failures (third)");
  assertEquals([error.code, error.details.retryAfterMs], ["runtime_unavailable", 1_000]);
  assertEquals(breaker.whyOpen(), undefined);
});

Deno.test("CircuitBreaker closes when its trial succeeds, and starts anew", () => {
  const { breaker, advance, fail, succeed } = openBreaker();
  advance(5_000);
  fail();
  advance(10_000);
  succeed();
  using _one = breaker.admit();
  using _two = breaker.admit();
  fail();
  fail();
  assertEquals(breaker.whyOpen(), undefined);
  fail();
  assertEquals(breaker.whyOpen()?.retryAfterMs, 5_000);
});

Deno.test("CircuitBreaker doubles its pause with each failed trial, up to a minute", () => {
  const { breaker, advance, fail } = openBreaker();
  const pauses = [5_000, 10_000, 20_000, 40_000, 60_000, 60_000];
  for (const [index, pauseMs] of pauses.entries()) {
    const open = breaker.whyOpen();
    assertEquals(open?.retryAfterMs, pauseMs);
    assertStringIncludes(open?.reason ?? "", `${3 + index} consecutive failures`);
    advance(pauseMs);
    fail();
  }
});

Deno.test("CircuitBreaker passes the trial on when its owner disposes of it untold", () => {
  const { breaker, advance, succeed } = openBreaker();
  advance(5_000);
  {
    using _trial = breaker.admit();
    refuse(breaker);
  }
  assertEquals(breaker.whyOpen(), undefined);
  succeed();
  using _one = breaker.admit();
  using _two = breaker.admit();
});

Deno.test("CircuitBreaker gives up a trial that is lost, and does not hear it any more", () => {
  const { breaker, advance, succeed } = openBreaker();
  advance(5_000);
  const lost = breaker.admit();
  advance(59_999);
  refuse(breaker);
  advance(1);
  const next = breaker.admit();
  lost.fail("too late");
  lost[Symbol.dispose]();
  refuse(breaker);
  assertEquals(breaker.whyOpen(), undefined);
  next.succeed();
  succeed();
});

Deno.test("CircuitBreaker hears the first word of a permit only", () => {
  const { breaker, fail } = breakerAt();
  fail();
  fail();
  const permit = breaker.admit();
  permit.succeed();
  permit.fail("after all");
  permit[Symbol.dispose]();
  fail();
  fail();
  assertEquals(breaker.whyOpen(), undefined);
});

Deno.test("CircuitBreaker does not let what began before it opened change what it knows now", () => {
  const { breaker, advance, fail, succeed } = breakerAt();
  const [late, later, latest] = [breaker.admit(), breaker.admit(), breaker.admit()];
  fail();
  fail();
  fail();
  late.fail("one more");
  later.succeed();
  assertEquals(breaker.whyOpen()?.retryAfterMs, 5_000);
  advance(5_000);
  using trial = breaker.admit();
  latest.succeed();
  refuse(breaker);
  trial.succeed();
  succeed();
});

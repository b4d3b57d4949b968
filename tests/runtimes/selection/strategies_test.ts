import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PREFERENCES } from "../../../src/core/answers/vocabulary.ts";
import type { ScoreInputs } from "../../../src/core/selection.ts";
import { rankBy, STRATEGIES } from "../../../src/runtimes/selection/strategies.ts";

const DENO: ScoreInputs = { startupMs: 80, memoryMb: 30, isolationLevel: 7, source: "declared" };
const DOCKER: ScoreInputs = { startupMs: 2000, memoryMb: 250, isolationLevel: 9, source: "declared" };

Deno.test("STRATEGIES rank the original's declared runtimes as the original does", () => {
  const winners = Object.entries(STRATEGIES).map((
    [name, score],
  ) => [name, score(DENO) > score(DOCKER) ? "deno" : "docker"]);
  assertEquals(Object.fromEntries(winners), { speed: "deno", security: "docker", memory: "deno", balanced: "deno" });
});

Deno.test("balanced is 1000/(start-up+1) + 1000/(memory+1) + isolation/2", () => {
  assertEquals(STRATEGIES.balanced(DENO), 1000 / 81 + 1000 / 31 + 3.5);
});

Deno.test("memory below 16 MB scores as 16 MB", () => {
  for (const strategy of [STRATEGIES.memory, STRATEGIES.balanced]) {
    assertEquals(strategy({ ...DENO, memoryMb: 1 }), strategy({ ...DENO, memoryMb: 16 }));
    assert(strategy({ ...DENO, memoryMb: 17 }) < strategy({ ...DENO, memoryMb: 16 }));
  }
});

interface Named {
  readonly name: string;
  readonly declared: ScoreInputs;
  readonly candidate: { readonly inputs: ScoreInputs };
}

/** A runtime, measured or not. */
function ranked(name: string, declared: ScoreInputs, measured?: Partial<ScoreInputs>): Named {
  const inputs: ScoreInputs = measured === undefined ? declared : { ...declared, ...measured, source: "measured" };
  return { name, declared, candidate: { inputs } };
}

function namesOf(runtimes: readonly Named[]): string[] {
  return runtimes.map(({ name }) => name);
}

const preferences = fc.constantFrom(...PREFERENCES);
const inputs: fc.Arbitrary<ScoreInputs> = fc.record({
  startupMs: fc.nat(3_000),
  memoryMb: fc.nat(500),
  isolationLevel: fc.nat(10),
  source: fc.constant("declared"),
});
const rivals = fc.array(fc.tuple(inputs, inputs), { minLength: 1, maxLength: 7 }).map((pairs) =>
  pairs.map(([declared, measured], index) =>
    ranked(String(index), declared, { startupMs: measured.startupMs, memoryMb: measured.memoryMb })
  )
);

Deno.test("rankBy() ranks by the score alone where nothing is measured nor weighed, ties in the order given", () => {
  fc.assert(fc.property(fc.constantFrom("speed", "security"), fc.array(inputs, { maxLength: 7 }), (wanted, all) => {
    const preference = wanted as "speed";
    const strategy = STRATEGIES[preference];
    const runtimes = all.map((declared, index) => ranked(String(index), declared));
    const byScore = runtimes.toSorted((a, b) => strategy(b.declared) - strategy(a.declared));
    assertEquals(namesOf(rankBy(preference, runtimes)), namesOf(byScore));
  }));
});

Deno.test("rankBy() loses and doubles nobody, and ranks the same each time", () => {
  fc.assert(fc.property(preferences, rivals, (preference, runtimes) => {
    const order = namesOf(rankBy(preference, runtimes));
    assertEquals(order.toSorted(), namesOf(runtimes).toSorted());
    assertEquals(namesOf(rankBy(preference, runtimes)), order);
  }));
});

Deno.test("rankBy() keeps the declared order of runtimes that measure alike, whatever noise of 4 % is on each figure", () => {
  const noise = fc.double({ min: 0.96, max: 1.04, noNaN: true });
  const figure = fc.double({ min: 0, max: 3_000, noNaN: true });
  const noises = fc.array(fc.tuple(inputs, noise, noise), { minLength: 2, maxLength: 7 });
  fc.assert(fc.property(preferences, figure, figure, noises, (preference, startupMs, memoryMb, all) => {
    const strategy = STRATEGIES[preference];
    const runtimes = all.map(([declared, startupNoise, memoryNoise], index) =>
      ranked(String(index), { ...declared, isolationLevel: 8 }, {
        startupMs: Math.round(startupMs * startupNoise),
        memoryMb: Math.round(memoryMb * memoryNoise),
      })
    );
    const declaredOrder = runtimes.toSorted((a, b) => strategy(b.declared) - strategy(a.declared));
    assertEquals(rankBy(preference, runtimes)[0]?.name, declaredOrder[0]?.name);
  }));
});

Deno.test("rankBy() puts nobody first whom another beats by more than 10 % in start-up and memory", () => {
  fc.assert(fc.property(fc.constantFrom("speed", "memory", "balanced"), rivals, (preference, runtimes) => {
    const [first] = rankBy(preference as "speed", runtimes);
    assert(first !== undefined);
    const { startupMs, memoryMb, isolationLevel } = first.candidate.inputs;
    for (const { candidate: { inputs: other } } of runtimes) {
      const isSmaller = Math.max(other.memoryMb, 16) < Math.floor(memoryMb * 0.9);
      const isBetter = isSmaller && other.startupMs < Math.floor(startupMs * 0.9);
      assert(!isBetter || other.isolationLevel < isolationLevel);
    }
  }));
});

Deno.test("rankBy() lets a challenger win by more than 10 %, and no less", () => {
  const slower = { ...DENO, startupMs: 100 };
  const order = (startupMs: number) =>
    namesOf(rankBy("speed", [ranked("first", DENO, slower), ranked("challenger", DOCKER, { startupMs })]));
  assertEquals(order(90), ["first", "challenger"]);
  assertEquals(order(89), ["challenger", "first"]);
});

Deno.test("rankBy() prefers security by isolation alone, whatever was measured", () => {
  fc.assert(fc.property(rivals, (runtimes) => {
    const levels = rankBy("security", runtimes).map(({ declared }) => declared.isolationLevel);
    assertEquals(levels, levels.toSorted((a, b) => b - a));
  }));
});

/** Runtimes of which some were measured. */
const mixed = fc.array(fc.tuple(inputs, inputs, fc.boolean()), { minLength: 1, maxLength: 7 }).map((all) =>
  all.map(([declared, measured, isMeasured], index) =>
    ranked(String(index), declared, isMeasured ? measured : undefined)
  )
);

Deno.test("rankBy() never waits ten times and 200 ms longer to save less than 64 MB", () => {
  fc.assert(
    fc.property(fc.constantFrom("memory", "balanced"), mixed, (preference, runtimes) => {
      const [first] = rankBy(preference as "memory", runtimes);
      assert(first !== undefined);
      const { memoryMb, startupMs } = first.candidate.inputs;
      for (const { candidate: { inputs: other } } of runtimes) {
        const isFarSlower = startupMs >= 10 * other.startupMs && startupMs >= other.startupMs + 200;
        assert(!isFarSlower || other.memoryMb - memoryMb >= 64);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("rankBy() starts Go on the machine in 0.26 s, and not in a container in 4.7 s that was measured at 1 MB", () => {
  const machine: ScoreInputs = { startupMs: 260, memoryMb: 15, isolationLevel: 8, source: "declared" };
  const container = ranked("container", DOCKER, { startupMs: 4_700, memoryMb: 1 });
  const isMeasured = { startupMs: 431, memoryMb: 1 };
  for (const measured of [isMeasured, undefined]) {
    for (const preference of ["balanced", "memory", "speed"] as const) {
      const order = rankBy(preference, [container, ranked("machine", machine, measured)]);
      assertEquals(namesOf(order), ["machine", "container"], preference);
    }
  }
});

Deno.test("rankBy() compares what was measured with nothing that is only declared", () => {
  const unmeasured = ranked("unmeasured", { ...DENO, startupMs: 90 });
  const order = (startupMs: number) =>
    namesOf(
      rankBy("speed", [ranked("first", DENO, { startupMs }), unmeasured, ranked("last", DOCKER, { startupMs: 50 })]),
    );
  assertEquals(order(50), ["first", "unmeasured", "last"]);
  assertEquals(order(700), ["last", "unmeasured", "first"]);
});

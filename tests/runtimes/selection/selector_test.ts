import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { MEBIBYTE } from "../../../src/core/limits.ts";
import type { Surface } from "../../../src/core/needs.ts";
import { parseSelectionRequest, type SelectionRequest } from "../../../src/core/requests/selection_request.ts";
import { ENOUGH_SAMPLES } from "../../../src/runtimes/selection/profile.ts";
import type { ExecutionRuntime } from "../../../src/runtimes/port.ts";
import type { RankOptions } from "../../../src/runtimes/selection/filters.ts";
import { RuntimeSelector } from "../../../src/runtimes/selection/selector.ts";
import { delay } from "../../../src/concurrency/delay.ts";
import { fakeRuntime } from "../../support/fake_runtime.ts";

const fast = fakeRuntime({ name: "fast", type: "Deno", startupTimeMs: 80, memoryOverheadMB: 90, isolationLevel: 7 });
const secure = fakeRuntime({
  name: "secure",
  type: "Docker",
  startupTimeMs: 2000,
  memoryOverheadMB: 250,
  isolationLevel: 9,
});
const small = fakeRuntime({
  name: "small",
  type: "WebAssembly",
  startupTimeMs: 300,
  memoryOverheadMB: 10,
  isolationLevel: 8,
});
const gone = fakeRuntime({
  name: "gone",
  type: "Bun",
  startupTimeMs: 1,
  memoryOverheadMB: 1,
  isolationLevel: 10,
  unavailableBecause: "not installed",
});

function select(fields: Record<string, unknown> = {}): SelectionRequest {
  return parseSelectionRequest({ language: "typescript", ...fields });
}

async function choose(
  runtimes: readonly ExecutionRuntime[],
  fields: Record<string, unknown> = {},
  minIsolation = 7,
): Promise<string | null> {
  return (await new RuntimeSelector(runtimes, { minIsolation }).selectBestRuntime(select(fields)))?.name ?? null;
}

Deno.test("selectBestRuntime() is null when no runtimes are available", async () => {
  assertEquals([await choose([]), await choose([gone])], [null, null]);
});

Deno.test("selectBestRuntime() takes the fastest when speed is preferred", async () => {
  assertEquals(await choose([secure, small, fast], { preference: "speed" }), "fast");
});

Deno.test("selectBestRuntime() takes the most secure when security is preferred", async () => {
  assertEquals(await choose([fast, small, secure], { preference: "security" }), "secure");
});

Deno.test("selectBestRuntime() takes the lowest memory when memory is preferred", async () => {
  assertEquals(await choose([fast, secure, small], { preference: "memory" }), "small");
});

Deno.test("selectBestRuntime() filters out the unavailable", async () => {
  for (const preference of ["speed", "security", "memory", "balanced"]) {
    assert(await choose([gone, fast], { preference }) === "fast");
  }
});

Deno.test("selectByType() takes the specific type", async () => {
  const selector = new RuntimeSelector([fast, secure, gone], { minIsolation: 7 });
  assertEquals((await selector.selectByType("Docker", "typescript"))?.name, "secure");
  assertEquals(await selector.selectByType("Docker", "cobol"), null);
  assertEquals(await selector.selectByType("Bun", "typescript"), null);
});

Deno.test("getAvailableRuntimes() lists only the available", async () => {
  const selector = new RuntimeSelector([gone, fast, secure], { minIsolation: 7 });
  assertEquals((await selector.getAvailableRuntimes()).map(({ name }) => name), ["fast", "secure"]);
});

Deno.test("rank() explains every rejection, the first filter that was not passed", async () => {
  const runtimes = [
    fakeRuntime({ name: "mute", environments: ["python"] }),
    fakeRuntime({ name: "weak", isolationLevel: 7 }),
    fakeRuntime({ name: "strict", isolationLevel: 8, cannotHonour: "it cannot keep that promise" }),
    fakeRuntime({ name: "boundless", isolationLevel: 8, limits: ["timeoutMs"] }),
    fakeRuntime({ name: "absent", isolationLevel: 8, unavailableBecause: "not installed" }),
    fakeRuntime({ name: "good", isolationLevel: 8 }),
  ];
  const { selection, passed } = await new RuntimeSelector(runtimes, { minIsolation: 7 })
    .rank(select({ minIsolation: 8, limits: { diskMb: 5 } }));
  assertEquals(selection.candidates.map(({ runtime, rejectedBecause }) => [runtime, rejectedBecause?.code]), [
    ["good", undefined],
    ["mute", "unsupported_language"],
    ["weak", "below_isolation_floor"],
    ["strict", "cannot_honour_permissions"],
    ["boundless", "cannot_enforce_limits"],
    ["absent", "unavailable"],
  ]);
  assertEquals([selection.chosen, selection.floor, passed.map(({ runtime }) => runtime.name)], ["good", 8, ["good"]]);
  assertStringIncludes(selection.candidates[4]?.rejectedBecause?.detail ?? "", "diskMb");
});

Deno.test("rank() shows the score and its inputs", async () => {
  const { selection } = await new RuntimeSelector([fast], { minIsolation: 0 }).rank(select());
  assertEquals(selection.candidates, [{
    runtime: "fast",
    passed: true,
    score: 1000 / 81 + 1000 / 91 + 3.5,
    inputs: { startupMs: 80, memoryMb: 90, isolationLevel: 7, source: "declared" },
  }]);
});

Deno.test("rank() never lets a request lower the server's floor", async () => {
  assertEquals([await choose([fast], { minIsolation: 0 }, 8), await choose([fast], { minIsolation: 8 }, 0)], [
    null,
    null,
  ]);
});

Deno.test("rank() still filters a forced runtime, and refuses one that does not exist", async () => {
  assertEquals([
    await choose([fast, secure], { runtime: "secure" }),
    await choose([fast, secure], { runtime: "fast", minIsolation: 9 }),
  ], ["secure", null]);
  const error = await assertRejects(
    () => choose([fast, secure], { runtime: "secur" }),
    CodeBeakerError,
    'did you mean "secure"?',
  );
  assertEquals([error.code, error.details.errors?.[0]?.path], ["invalid_request", "runtime"]);
});

Deno.test("rank() does not reject for limits that the request did not name", async () => {
  assertEquals(await choose([fakeRuntime({ name: "boundless", limits: [] })]), "boundless");
});

Deno.test("rank() breaks ties by the order of the table", async () => {
  const twins = ["one", "two", "three"].map((name) => fakeRuntime({ name }));
  for (const preference of ["speed", "security", "memory", "balanced"]) {
    assertEquals([await choose(twins, { preference }), await choose(twins.toReversed(), { preference })], [
      "one",
      "three",
    ]);
  }
});

/** A selector with a clock that a test moves, of which `fast` has failed three times in a row. */
function selectorWithout(runtimes: readonly ExecutionRuntime[]) {
  let now = 0;
  const selector = new RuntimeSelector(runtimes, { minIsolation: 7, now: () => now });
  for (let round = 0; round < 3; round++) {
    using permit = selector.admit(fast);
    permit.fail("it broke");
  }
  return {
    selector,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

Deno.test("rank() leaves out a runtime that keeps failing, and says for how long", async () => {
  const { selector, advance } = selectorWithout([fast, secure]);
  advance(1_000);
  const { selection, passed } = await selector.rank(select({ preference: "speed" }));
  assertEquals([selection.chosen, passed.map(({ runtime }) => runtime.name)], ["secure", ["secure"]]);
  assertEquals(selection.candidates[1]?.rejectedBecause, {
    code: "circuit_open",
    detail: "circuit open for 4 s: 3 consecutive failures (it broke)",
    retryAfterMs: 4_000,
  });
});

Deno.test("rank() tells the filter that was not passed before it tells that a runtime is left out", async () => {
  const { selector } = selectorWithout([fast]);
  const { selection } = await selector.rank(select({ minIsolation: 9 }));
  assertEquals(selection.candidates[0]?.rejectedBecause?.code, "below_isolation_floor");
});

Deno.test("rank() only looks: a runtime that is due passes however often it is ranked", async () => {
  const { selector, advance } = selectorWithout([fast, secure]);
  advance(5_000);
  for (let look = 0; look < 3; look++) assertEquals((await selector.selectBestRuntime(select()))?.name, "fast");
  using _trial = selector.admit(fast);
  assertEquals((await selector.selectBestRuntime(select()))?.name, "fast");
});

Deno.test("getAvailableRuntimes() and selectByType() leave out what keeps failing", async () => {
  const { selector, advance } = selectorWithout([fast, secure]);
  const seen = async () => [
    (await selector.getAvailableRuntimes()).map(({ name }) => name),
    (await selector.selectByType("Deno", "typescript"))?.name,
  ];
  assertEquals(await seen(), [["secure"], undefined]);
  advance(5_000);
  assertEquals(await seen(), [["fast", "secure"], "fast"]);
});

Deno.test("whyUnavailable() tells what the runtime says unless its failures leave it out", async () => {
  const { selector, advance } = selectorWithout([fast, gone]);
  assertEquals(await selector.whyUnavailable(gone), { code: "unavailable", detail: "not installed" });
  assertEquals((await selector.whyUnavailable(fast, "typescript"))?.code, "circuit_open");
  advance(5_000);
  assertEquals(await selector.whyUnavailable(fast, "typescript"), undefined);
});

Deno.test("admit() refuses what is left out, and counts each runtime by itself", () => {
  const { selector } = selectorWithout([fast, secure]);
  assertThrows(() => selector.admit(fast), CodeBeakerError, "circuit open for 5 s");
  using _permit = selector.admit(secure);
});

/** A runtime that is proving itself until it is told to stop, and is then as a test says. */
function provingRuntime(name: string, { isolationLevel, turnsOut }: { isolationLevel: number; turnsOut: boolean }) {
  const proven = Promise.withResolvers<void>();
  let isProving = true;
  const runtime: ExecutionRuntime = {
    ...fakeRuntime({ name, isolationLevel, startupTimeMs: 2_000, memoryOverheadMB: 250 }),
    isAvailable: (_, { assumesSelfTest = false } = {}) =>
      Promise.resolve(
        isProving && assumesSelfTest || !isProving && turnsOut
          ? { available: true }
          : { available: false, reason: "it broke a promise" },
      ),
    pendingSelfTest: () => isProving ? () => proven.promise : undefined,
  };
  const end = () => {
    isProving = false;
    proven.resolve();
  };
  return { runtime, end };
}

Deno.test("RuntimeSelector waits for no proof of a runtime that would not be chosen", async () => {
  const { runtime } = provingRuntime("heavy", { isolationLevel: 9, turnsOut: true });
  const { selection, passed } = await new RuntimeSelector([fast, runtime], { minIsolation: 7 }).rank(select());
  assertEquals(passed.map(({ runtime }) => runtime.name), ["fast"]);
  assertEquals(selection.candidates.find((one) => one.runtime === "heavy")?.rejectedBecause, {
    code: "unavailable",
    detail: "its self-test is not over yet",
  });
});

Deno.test("RuntimeSelector waits for the proof of the runtime that would be chosen, and believes nothing before it", async () => {
  for (const [turnsOut, chosen] of [[true, "heavy"], [false, "fast"]] as const) {
    const { runtime, end } = provingRuntime("heavy", { isolationLevel: 9, turnsOut });
    const ranking = new RuntimeSelector([fast, runtime], { minIsolation: 7 }).rank(select({ preference: "security" }));
    const early = await Promise.race([ranking, delay(20).then(() => undefined)]);
    assertEquals(early, undefined);
    end();
    assertEquals((await ranking).selection.chosen, chosen);
  }
});

Deno.test("RuntimeSelector believes no level of a runtime whose self-test ends while it is judged, or is never over", async () => {
  for (const ends of [true, false]) {
    const presumed = fakeRuntime({ name: "presumed", isolationLevel: 9 });
    const real = fakeRuntime({ name: "presumed", isolationLevel: 6 });
    let isTested = false;
    const runtime: ExecutionRuntime = {
      ...presumed,
      async assess(config) {
        return isTested ? await real.assess(config) : { ...await presumed.assess(config), assumesSelfTest: true };
      },
      async isAvailable() {
        await undefined;
        isTested = ends;
        return { available: true };
      },
    };
    const { passed, selection } = await new RuntimeSelector([runtime], { minIsolation: 7 }).rank(select());
    const code = selection.candidates[0]?.rejectedBecause?.code;
    assertEquals([passed, code], [[], ends ? "below_isolation_floor" : "unavailable"]);
  }
});

Deno.test("RuntimeSelector takes a tested runtime while the best is tested, where it isolates no less and starts soon", async () => {
  const tested = fakeRuntime({ name: "tested", isolationLevel: 8, startupTimeMs: 500 });
  const fetching: ExecutionRuntime = {
    ...tested,
    isAvailable: (environment, options = {}) =>
      options.fetchesNothing === true
        ? Promise.resolve({ available: false, reason: "its image is not here" })
        : tested.isAvailable(environment, options),
  };
  const slow = fakeRuntime({ name: "slow", isolationLevel: 8, startupTimeMs: 501 });
  const weaker = fakeRuntime({ name: "weaker", isolationLevel: 7, startupTimeMs: 50 });
  const cases: [ExecutionRuntime[], number, string][] = [
    [[tested], 8, "tested"],
    [[tested], 9, "best"],
    [[fetching], 8, "best"],
    [[slow], 8, "best"],
    [[weaker, tested], 8, "best"], // The weaker would run it.
  ];
  for (const [others, isolationLevel, chosen] of cases) {
    const { runtime, end } = provingRuntime("best", { isolationLevel, turnsOut: true });
    let begun = 0;
    const best: ExecutionRuntime = {
      ...runtime,
      getCapabilities: () => ({ ...runtime.getCapabilities(), startupTimeMs: 1, memoryOverheadMB: 1 }),
      pendingSelfTest(demand) {
        const pending = runtime.pendingSelfTest?.(demand);
        return pending === undefined ? undefined : () => {
          begun++;
          if (chosen === "best") setTimeout(end); // Who waits sees the end, and who takes another does not.
          return pending();
        };
      },
    };
    const selector = new RuntimeSelector([...others, best], { minIsolation: 7 });
    const { selection } = await selector.rank(select({ preference: "speed" }), { takesTested: true });
    assertEquals([selection.chosen, begun], [chosen, 1]);
  }
});

Deno.test("RuntimeSelector goes on without a runtime whose proof is not there in time", async () => {
  const { runtime } = provingRuntime("heavy", { isolationLevel: 9, turnsOut: true });
  const impatient: ExecutionRuntime = { ...runtime, pendingSelfTest: () => () => Promise.resolve() };
  const { selection } = await new RuntimeSelector([fast, impatient], { minIsolation: 7 }).rank(
    select({ preference: "security" }),
  );
  assertEquals(selection.chosen, "fast");
  const alone = await new RuntimeSelector([impatient], { minIsolation: 7 }).rank(select());
  assertEquals([alone.selection.chosen, alone.selection.candidates[0]?.rejectedBecause?.code], [null, "unavailable"]);
});

Deno.test("RuntimeSelector tells the runtime whose proof it waits for who is patient", async () => {
  const { runtime } = provingRuntime("heavy", { isolationLevel: 9, turnsOut: true });
  const demands: unknown[] = [];
  const listening: ExecutionRuntime = {
    ...runtime,
    pendingSelfTest(demand) {
      demands.push(demand);
      return () => Promise.resolve();
    },
  };
  const selector = new RuntimeSelector([listening], { minIsolation: 7 });
  await selector.rank(select());
  const first = demands.splice(0);
  await selector.rank(select(), { isPatient: true });
  assertEquals(first[0], { environment: "typescript", minIsolation: 7, isPatient: false });
  assertEquals(demands[0], { environment: "typescript", minIsolation: 7, isPatient: true });
});

Deno.test("rank() tells the most memory that a request may take on each that passed: its limit, or what a compiler needs", async () => {
  const compiling = fakeRuntime({ name: "compiling", memoryMb: 1_024 });
  const memoryOn = async (...runtimes: ExecutionRuntime[]) =>
    (await new RuntimeSelector(runtimes, { minIsolation: 7 }).rank(select({ limits: { memoryMb: 300 } }))).passed
      .map(({ memoryMb }) => memoryMb);
  assertEquals(await memoryOn(fast), [300]);
  assertEquals(await memoryOn(fast, compiling), [1_024, 300]);
  assertEquals(await memoryOn(fast, fakeRuntime({ memoryMb: 1_024, unavailableBecause: "gone" })), [300]);
});

/** As many executions as are enough to believe what they show. */
function measure(
  selector: RuntimeSelector,
  runtime: ExecutionRuntime,
  { startupMs, memoryMb, path = "cold" }: { startupMs: number; memoryMb: number; path?: "cold" | "warm" },
): void {
  for (let round = 0; round < ENOUGH_SAMPLES; round++) {
    selector.profileOf(runtime).record({
      language: "typescript",
      path,
      startupMs,
      peakMemoryBytes: memoryMb * MEBIBYTE,
    });
  }
}

Deno.test("rank() corrects what is declared by what was measured, and says so", async () => {
  const selector = new RuntimeSelector([fast, secure], { minIsolation: 7 });
  measure(selector, fast, { startupMs: 70, memoryMb: 60 });
  measure(selector, secure, { startupMs: 12.4, memoryMb: 8.3 });
  const { selection, passed } = await selector.rank(select({ preference: "speed" }));
  assertEquals(passed.map(({ runtime }) => runtime.name), ["secure", "fast"]);
  assertEquals(selection.candidates.map(({ inputs, score }) => ({ ...inputs, score })), [
    { startupMs: 12, memoryMb: 8, isolationLevel: 9, source: "measured", path: "cold", score: -12 },
    { startupMs: 70, memoryMb: 60, isolationLevel: 7, source: "measured", path: "cold", score: -70 },
  ]);
  const python = await selector.rank(select({ runtime: "secure", language: "javascript" }));
  assertEquals(python.selection.candidates[0]?.inputs.source, "declared");
});

Deno.test("rank() keeps the declared order until a challenger measures better by more than 10 %", async () => {
  for (const [startupMs, chosen] of [[19, "fast"], [18, "fast"], [17, "secure"]] as const) {
    const selector = new RuntimeSelector([secure, fast], { minIsolation: 7 });
    measure(selector, fast, { startupMs: 20, memoryMb: 10 });
    measure(selector, secure, { startupMs, memoryMb: 10 });
    assertEquals((await selector.selectBestRuntime(select({ preference: "speed" })))?.name, chosen);
  }
});

Deno.test("rank() takes the figures of the path that the start will take on each runtime", async () => {
  const choosy = fakeRuntime({ name: "choosy", startsCold: ({ runsMainFile }) => runsMainFile === false });
  const selector = new RuntimeSelector([choosy, secure], { minIsolation: 7 });
  for (const runtime of [choosy, secure]) {
    measure(selector, runtime, { startupMs: 20, memoryMb: 10 });
    measure(selector, runtime, { startupMs: 1, memoryMb: 10, path: "warm" });
  }
  const pathsOf = async (options: RankOptions) => {
    const { selection: { candidates } } = await selector.rank(select({ preference: "speed" }), options);
    return candidates.map(({ runtime, inputs: { path, startupMs } }) => [runtime, path, startupMs]);
  };
  const warm = [["choosy", "warm", 1], ["secure", "warm", 1]];
  assertEquals([await pathsOf({}), await pathsOf({ runsMainFile: true })], [warm, warm]);
  assertEquals(await pathsOf({ runsMainFile: false }), [["secure", "warm", 1], ["choosy", "cold", 20]]);
});

Deno.test("rank() filters whatever was measured: nothing below the floor is ever chosen, and security goes by isolation", async () => {
  const selector = new RuntimeSelector([secure, small, fast], { minIsolation: 8 });
  measure(selector, fast, { startupMs: 0, memoryMb: 0 });
  measure(selector, small, { startupMs: 0, memoryMb: 0 });
  for (
    const [preference, chosen] of [["speed", "small"], ["memory", "small"], ["balanced", "small"], [
      "security",
      "secure",
    ]]
  ) {
    const { selection, passed } = await selector.rank(select({ preference }));
    assertEquals([selection.chosen, passed.map(({ runtime }) => runtime.name).includes("fast")], [chosen, false]);
  }
});

Deno.test("rank() rules out a runtime without what the program needs, says where it is seen, and explains the needs", async () => {
  const need = { kind: "module", name: "numpy", file: "main.py", line: 2, certain: true } as const;
  const needs = { known: true, uses: [need] };
  const bare = fakeRuntime({ name: "bare", surface: { isWhole: true, has: () => false } });
  const { selection } = await new RuntimeSelector([bare, secure], { minIsolation: 7 }).rank(select(), { needs });
  const [chosen, left] = selection.candidates;
  assertEquals([chosen?.runtime, left?.rejectedBecause, selection.needs], [
    "secure",
    { code: "missing_capability", detail: "lacks numpy (main.py:2)" },
    needs,
  ]);
});

Deno.test("rank() asks a runtime whose surface may grow before it rules it out", async () => {
  const uses = [{ kind: "module", name: "numpy", file: "main.py", line: 2, certain: true }] as const;
  let questions = 0;
  const growing = {
    ...fakeRuntime({ name: "growing" }),
    isAvailable: () => {
      questions++;
      return Promise.resolve({ available: true } as const);
    },
    surface: () => ({ isWhole: true, mayGrow: true, has: () => questions > 1 }),
  };
  const selector = new RuntimeSelector([growing, secure], { minIsolation: 7 });
  const codeOf = async () => {
    const { selection } = await selector.rank(select(), { needs: { known: true, uses } });
    return selection.candidates.find(({ runtime }) => runtime === "growing")?.rejectedBecause?.code;
  };
  assertEquals([await codeOf(), await codeOf()], ["missing_capability", undefined]);
});

/** A need without which a program does nothing. */
const NUMPY = { kind: "module", name: "numpy", file: "main.py", line: 2, certain: true } as const;
const LACKS_ALL = { isWhole: true, has: () => false };
const HAS_ALL = { isWhole: true, has: () => true };

/** Each candidate with what it lacks, or why it is rejected. */
async function judgements(runtimes: readonly ExecutionRuntime[]): Promise<string[]> {
  const selector = new RuntimeSelector(runtimes, { minIsolation: 8 });
  const { selection } = await selector.rank(select(), { needs: { known: true, uses: [NUMPY] } });
  return selection.candidates.map(({ lacks, rejectedBecause, runtime }) =>
    [runtime, rejectedBecause?.code ?? lacks ?? "passed"].join(" ")
  );
}

const LACKING = { isolationLevel: 8, surface: LACKS_ALL };

Deno.test("rank() runs a program where its needs are missing, best first, when nothing is known to have them", async () => {
  const slow = fakeRuntime({ ...LACKING, name: "slow", startupTimeMs: 900 });
  const bare = fakeRuntime({ ...LACKING, name: "bare" });
  const part = fakeRuntime({ ...LACKING, name: "part", surface: { isWhole: false, has: () => undefined } });
  const gone = fakeRuntime({ isolationLevel: 8, name: "gone", unavailableBecause: "there is no socket" });
  assertEquals(await judgements([slow, part, bare, gone]), [
    "bare numpy (main.py:2)",
    "slow numpy (main.py:2)",
    "part missing_capability",
    "gone unavailable",
  ]);
});

Deno.test("rank() refuses a program where its needs are missing when what has them could not be chosen", async () => {
  const bare = fakeRuntime({ ...LACKING, name: "bare" });
  const gone = fakeRuntime({ isolationLevel: 8, name: "gone", unavailableBecause: "it is lost", surface: HAS_ALL });
  const weak = fakeRuntime({ name: "weak", surface: HAS_ALL });
  assertEquals(await judgements([bare, gone]), ["bare missing_capability", "gone unavailable"]);
  assertEquals(await judgements([bare, weak]), ["bare missing_capability", "weak below_isolation_floor"]);
});

Deno.test("rank() never makes a part of a language a last resort, nor what is below the floor", async () => {
  const part = fakeRuntime({ name: "part", isolationLevel: 8, surface: { isWhole: false, has: () => undefined } });
  const weak = fakeRuntime({ name: "weak", surface: LACKS_ALL });
  assertEquals(await judgements([part, weak]), ["part missing_capability", "weak missing_capability"]);
});

Deno.test("rank() lets a runtime learn what it has where it would be chosen and another is there, once", async () => {
  let surface: Surface | undefined;
  let questions = 0;
  const learning = {
    ...fakeRuntime({ name: "learning", isolationLevel: 8, startupTimeMs: 1 }),
    surface: () => surface,
    learnSurface: () => {
      questions++;
      surface = questions === 1 ? undefined : LACKS_ALL;
      return Promise.resolve();
    },
  };
  const rich = fakeRuntime({ name: "rich", isolationLevel: 8, surface: HAS_ALL });
  assertEquals([await judgements([learning]), questions], [["learning passed"], 0]);
  assertEquals([await judgements([learning, rich]), questions], [["learning passed", "rich passed"], 1]);
  assertEquals([await judgements([learning, rich]), questions], [["rich passed", "learning missing_capability"], 2]);
});

Deno.test("rank() prefers a runtime that has what the program would use", async () => {
  const need = { kind: "module", name: "orjson", file: "main.py", line: 2, certain: false } as const;
  const bare = fakeRuntime({ name: "bare", startupTimeMs: 5, surface: { isWhole: true, has: () => false } });
  const rich = fakeRuntime({ name: "rich", surface: { isWhole: true, has: () => true } });
  const selector = new RuntimeSelector([bare, rich, secure], { minIsolation: 7 });
  const ranked = async (uses: readonly (typeof need)[]) =>
    (await selector.rank(select(), { needs: { known: true, uses } })).selection.candidates.map(({ runtime }) =>
      runtime
    );
  assertEquals([await ranked([]), await ranked([need])], [["bare", "rich", "secure"], ["rich", "secure", "bare"]]);
});

Deno.test("rank() measures each language by what its own programs are declared to take", async () => {
  const mixed = fakeRuntime({ name: "mixed", environments: ["lean", "heavy"], memoryOverheads: { heavy: 60 } });
  const selector = new RuntimeSelector([mixed], { minIsolation: 7 });
  const sourceOf = async (language: string) => {
    for (let sample = 0; sample < ENOUGH_SAMPLES; sample++) {
      selector.profileOf(mixed).record({ language, path: "cold", startupMs: 5, peakMemoryBytes: 40 * MEBIBYTE });
    }
    const [candidate] = (await selector.rank(select({ language }))).selection.candidates;
    return [candidate?.inputs.source, candidate?.inputs.memoryMb];
  };
  assertEquals([await sourceOf("lean"), await sourceOf("heavy")], [["declared", 30], ["measured", 40]]);
});

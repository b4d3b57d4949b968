import { assertEquals } from "@std/assert";
import { parseExecutionRequest } from "../../../src/core/requests/execution_request.ts";
import type { ExecutionRuntime } from "../../../src/runtimes/port.ts";
import type { RankOptions } from "../../../src/runtimes/selection/filters.ts";
import { ENOUGH_SAMPLES } from "../../../src/runtimes/selection/profile.ts";
import { RuntimeSelector } from "../../../src/runtimes/selection/selector.ts";
import { fakeRuntime } from "../../support/fake_runtime.ts";

/** A selector over two runtimes that say when they answer otherwise, and how often the first was asked. */
function openSelector() {
  const state = { revision: 1 as number | undefined, asked: 0, isAvailable: true };
  const first: ExecutionRuntime = {
    ...fakeRuntime({ name: "first", startupTimeMs: 1 }),
    revision: () => state.revision,
    isAvailable: () => {
      state.asked++;
      return Promise.resolve(state.isAvailable ? { available: true } : { available: false, reason: "gone" });
    },
  };
  const second: ExecutionRuntime = { ...fakeRuntime({ name: "second" }), revision: () => 1 };
  const selector = new RuntimeSelector([first, second], { minIsolation: 0 });
  const rank = async (fields: object = {}, options: RankOptions = {}) => {
    const { selection } = await selector.rank(
      parseExecutionRequest({ language: "typescript", code: "", ...fields }),
      options,
    );
    return selection;
  };
  return { first, rank, selector, state };
}

Deno.test("rank() asks no runtime again for a request like an earlier one, until one of them may answer otherwise", async () => {
  const { rank, state } = openSelector();
  const ranked = await rank();
  assertEquals([await rank(), state.asked], [ranked, 1]);
  state.isAvailable = false;
  state.revision = 2;
  assertEquals([(await rank()).chosen, state.asked], ["second", 2]);
  state.revision = undefined;
  await rank();
  await rank();
  assertEquals(state.asked, 4);
});

Deno.test("rank() asks again where the request, or what is known of it, is another", async () => {
  const { rank, state } = openSelector();
  const needs = { known: true, uses: [] };
  const others: readonly (readonly [object, RankOptions?])[] = [
    [{}],
    [{ language: "javascript" }],
    [{ preference: "memory" }],
    [{ runtime: "first" }],
    [{ minIsolation: 3 }],
    [{ limits: { memoryMb: 64 } }],
    [{ timeoutMs: 5 }],
    [{}, { needs }],
    [{}, { runsMainFile: true }],
    [{}, { takesTested: true }],
    [{}, { installs: true }],
    [{}, { isPatient: true }],
  ];
  for (const [fields, options] of [...others, ...others]) await rank(fields, options);
  assertEquals(state.asked, others.length);
});

Deno.test("rank() keeps no result for permissions, variables, inputs and needs", async () => {
  const { rank, state } = openSelector();
  const use = { kind: "global", name: "fetch", file: "main.ts", line: 1, certain: true } as const;
  const others: readonly (readonly [object, RankOptions?])[] = [
    [{ permissions: { allowNet: true } }],
    [{ env: { A: "b" } }],
    [{}, { inputs: ["stdin"] }],
    [{}, { needs: { known: true, uses: [use] } }],
    [{}, { needs: { known: false, reason: "it is not UTF-8", uses: [] } }],
  ];
  for (const [fields, options] of [...others, ...others]) await rank(fields, options);
  assertEquals(state.asked, 2 * others.length);
});

Deno.test("rank() shows an open circuit and new measurements at once, also where it kept a result", async () => {
  const { first, rank, selector } = openSelector();
  assertEquals((await rank()).candidates[0]?.inputs.source, "declared");
  for (let sample = 0; sample < ENOUGH_SAMPLES; sample++) {
    await rank();
    selector.profileOf(first).record({
      language: "typescript",
      path: "warm",
      startupMs: 1,
      peakMemoryBytes: 1_048_576,
    });
  }
  assertEquals((await rank()).candidates[0]?.inputs.source, "measured");
  for (let failure = 0; failure < 3; failure++) {
    using permit = selector.admit(first);
    permit.fail("it broke");
  }
  const { candidates, chosen } = await rank();
  assertEquals([chosen, candidates[1]?.rejectedBecause?.code], ["second", "circuit_open"]);
});

import { assertEquals } from "@std/assert";
import { type Canary, HONEST_CANARY, judge } from "../../../src/runtimes/self_test/canary.ts";
import {
  brokenFindings,
  describeBrokenPromises,
  honestCanaryRan,
  passingFindings,
  untestedFindings,
} from "../../../src/runtimes/self_test/findings.ts";

const CANARIES: readonly Canary<string>[] = [
  {
    name: HONEST_CANARY,
    promise: "it runs",
    cost: "runtime",
    fault: (output) => output === "" ? "it did not run" : undefined,
  },
  { name: "cat", promise: "it stays out", cost: "runtime", fault: (output) => output === "meow" ? output : undefined },
  { name: "dog", promise: "it eats little", cost: "limit", fault: () => undefined },
];

Deno.test("judge() finds the fault of each canary, and counts one that cannot be observed as broken", async () => {
  const findings = await judge(CANARIES, ({ name }) => {
    if (name === "dog") throw new Error("it ran away");
    return "meow";
  });
  assertEquals(findings, [
    { name: HONEST_CANARY, promise: "it runs", kept: true },
    { name: "cat", promise: "it stays out", kept: false, detail: "meow" },
    { name: "dog", promise: "it eats little", kept: false, detail: "it ran away" },
  ]);
});

Deno.test("brokenFindings() has the broken promises of one cost, and those without a finding", () => {
  const names = (findings: Parameters<typeof brokenFindings>[0], cost: "runtime" | "limit") =>
    brokenFindings(findings, { canaries: CANARIES, cost }).map(({ name }) => name);
  const none = untestedFindings(CANARIES, "no binary");
  assertEquals([names(none, "runtime"), names(none, "limit")], [[HONEST_CANARY, "cat"], ["dog"]]);
  assertEquals([names([], "runtime"), names([], "limit")], [[HONEST_CANARY, "cat"], ["dog"]]);
  assertEquals(names(passingFindings(CANARIES), "runtime"), []);
});

Deno.test("honestCanaryRan() is whether the honest program ran", () => {
  assertEquals([
    honestCanaryRan(passingFindings(CANARIES)),
    honestCanaryRan(untestedFindings(CANARIES, "no binary")),
    honestCanaryRan([]),
  ], [true, false, false]);
});

Deno.test("describeBrokenPromises() names every broken promise", () => {
  const [first, second] = untestedFindings(CANARIES, "no binary");
  if (first === undefined || second === undefined) throw new Error("there are no findings");
  const { detail: _, ...unexplained } = second;
  assertEquals([describeBrokenPromises([]), describeBrokenPromises([first, unexplained])], [
    undefined,
    "the self-test found that programs are not confined: no binary; cat",
  ]);
});

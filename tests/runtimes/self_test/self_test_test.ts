import { assertEquals } from "@std/assert";
import type { CanaryFinding } from "../../../src/core/diagnosis.ts";
import { HONEST_CANARY } from "../../../src/runtimes/self_test/canary.ts";
import { passingFindings, untestedFindings } from "../../../src/runtimes/self_test/findings.ts";
import { findingsOf, SelfTest, type SelfTestResult } from "../../../src/runtimes/self_test/self_test.ts";
import { SelfTestResults } from "../../../src/runtimes/self_test/self_test_results.ts";
import { until } from "../../support/until.ts";

const CANARIES = [{ name: HONEST_CANARY, promise: "it runs" }, { name: "cat", promise: "it stays out" }];
const KEPT = passingFindings(CANARIES);
const BROKEN = KEPT.map((finding) => finding.name === "cat" ? { ...finding, kept: false, detail: "meow" } : finding);

/** A self-test, everything that it logs, and how often its canaries were run. */
function open({ home }: { readonly home?: string } = {}) {
  const logged: unknown[] = [];
  const log = {
    info: () => {},
    warning: (event: string, fields: Readonly<Record<string, unknown>>) => void logged.push([event, fields]),
  };
  const test = new SelfTest({ log, selfTestResults: new SelfTestResults(home), subject: "fake" });
  const state = { runs: 0 };
  const run = (version: string, findings: readonly CanaryFinding[]) => async (): Promise<SelfTestResult> => ({
    kind: "tested",
    findings: await test.findings({
      version,
      canaries: CANARIES,
      run: () => {
        state.runs++;
        return Promise.resolve(findings);
      },
    }),
  });
  return { test, logged, state, run };
}

Deno.test("SelfTest runs once for concurrent callers, and keeps the result", async () => {
  const { logged, run, state, test } = open();
  assertEquals([test.running, test.result, test.isDue], [undefined, undefined, false]);
  assertEquals(test.revision, 0);
  const running = Promise.all([test.settled(run("1", KEPT)), test.begin(run("1", KEPT))]);
  assertEquals(test.revision, undefined);
  const results = await running;
  assertEquals(test.revision, 1);
  const expected = { kind: "tested", findings: KEPT } as const;
  assertEquals(results, [expected, expected]);
  assertEquals([test.running, test.result, test.isDue], [undefined, expected, false]);
  assertEquals(await test.settled(run("2", BROKEN)), expected);
  assertEquals([state.runs, logged], [1, []]);
});

Deno.test("SelfTest remembers findings by version, broken ones in this process only", async () => {
  const home = await Deno.makeTempDir();
  const { logged, run, state, test } = open({ home });
  for (const [version, findings] of [["1", BROKEN], ["1", BROKEN], ["2", KEPT], ["1", BROKEN], ["2", KEPT]] as const) {
    assertEquals(await test.begin(run(version, findings)), { kind: "tested", findings });
  }
  assertEquals(state.runs, 2);
  assertEquals(logged, [["self_test.promise_broken", { subject: "fake", canary: "cat", detail: "meow" }]]);
  const next = open({ home });
  assertEquals(await next.test.begin(next.run("2", BROKEN)), { kind: "tested", findings: KEPT });
  assertEquals(await next.test.begin(next.run("1", BROKEN)), { kind: "tested", findings: BROKEN });
  assertEquals(next.state.runs, 1);
  await Deno.remove(home, { recursive: true });
});

Deno.test("SelfTest runs again at the same version where not even the honest program ran", async () => {
  const { run, state, test } = open();
  for (let runs = 0; runs < 2; runs++) await test.begin(run("1", untestedFindings(CANARIES, "no binary")));
  assertEquals(state.runs, 2);
});

Deno.test("SelfTest logs why it could not be run, and every promise counts as broken", async () => {
  const { logged, test } = open();
  const result = await test.begin(() => Promise.reject(new Error("no binary")));
  const reason = "its self-test could not be run: no binary";
  assertEquals(result, { kind: "failed", reason });
  assertEquals(findingsOf(result, CANARIES), untestedFindings(CANARIES, reason));
  assertEquals(logged, [["self_test.failed", { subject: "fake", error: "no binary" }]]);
  assertEquals(test.isDue, false); // It is, 5 s later.
});

Deno.test("SelfTest that is disposed of aborts its run, waits for the end and remembers nothing of it", async () => {
  const home = await Deno.makeTempDir();
  const { logged, test } = open({ home });
  let isAborted = false;
  const running = test.begin(async () => ({
    kind: "tested",
    findings: await test.findings({
      version: "1",
      canaries: CANARIES,
      run: async () => {
        await until(() => test.signal.aborted, "the run is aborted");
        isAborted = true;
        return KEPT;
      },
    }),
  }));
  await test[Symbol.asyncDispose]();
  assertEquals([isAborted, (await running).kind, logged], [true, "failed", []]);
  assertEquals(await new SelfTestResults(home).has("fake", "1"), false);
  await Deno.remove(home, { recursive: true });
});

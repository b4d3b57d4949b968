import { assertEquals } from "@std/assert";
import { readReport, summarize } from "./report.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="1" errors="0" time="0.246">
    <testsuite name="./tests/a_test.ts" tests="6" disabled="2" errors="0" failures="1">
        <testcase name="one &lt;&amp;&gt; &quot;q&quot;" classname="./tests/a_test.ts" time="0.019" line="1" col="6">
        </testcase>
        <testcase name="[x] skipped: no &lt;x&gt;" classname="./tests/a_test.ts" time="0.000" line="2" col="6">
            <skipped/>
        </testcase>
        <testcase name="fails" classname="./tests/a_test.ts" time="1.500" line="3" col="6">
            <failure message="Uncaught Error: bad">Error: &lt;bad&gt;
    at file:///tests/a_test.ts:3:34</failure>
        </testcase>
        <testcase name="a &gt; b is no step" classname="./tests/a_test.ts" time="0.002" line="4" col="6">
        </testcase>
        <testcase name="one &lt;&amp;&gt; &quot;q&quot; &gt; s" classname="./tests/a_test.ts" time="0.000" line="1" col="51">
        </testcase>
        <testcase name="one &lt;&amp;&gt; &quot;q&quot; &gt; i" classname="./tests/a_test.ts" time="0.000" line="1" col="80">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("readReport() reads tests with their ends and times, and leaves out steps", () => {
  assertEquals(readReport(REPORT), [
    { file: "tests/a_test.ts", name: 'one <&> "q"', seconds: 0.019, end: "passed" },
    { file: "tests/a_test.ts", name: "[x] skipped: no <x>", seconds: 0, end: "skipped" },
    { file: "tests/a_test.ts", name: "fails", seconds: 1.5, end: "failed", reason: "Error: <bad>" },
    { file: "tests/a_test.ts", name: "a > b is no step", seconds: 0.002, end: "passed" },
  ]);
});

Deno.test("summarize() counts each reason for a skip, and names what failed, why, and what was slow", () => {
  const results = [...readReport(REPORT), ...readReport(REPORT)];
  const [unsteady] = readReport(REPORT);
  assertEquals(summarize(results, { slowest: 2, unsteady: unsteady === undefined ? [] : [unsteady] }), [
    "slow: 1.5 s  fails  (tests/a_test.ts)",
    "slow: 1.5 s  fails  (tests/a_test.ts)",
    "skipped: 2 × [x] skipped: no <x>",
    'passed only alone: one <&> "q"  (tests/a_test.ts)',
    "failed: fails  (tests/a_test.ts)\n  Error: <bad>",
    "failed: fails  (tests/a_test.ts)\n  Error: <bad>",
    "4 passed, 2 failed, 2 skipped",
  ]);
});

import type { TestResult } from "../../../../core/execution.ts";
import { formatBytes, formatMs } from "../parts/format.ts";
import { describeOutcome } from "./outcome.ts";

const VERDICTS: Readonly<Record<TestResult["verdict"], string>> = {
  accepted: "Accepted",
  wrong_answer: "Wrong answer",
  time_limit: "Too slow",
  memory_limit: "Too much memory",
  output_limit: "Too much output",
  runtime_error: "Runtime error",
  compile_error: "Did not compile",
};

/** The verdict of each test, with what the program printed in it. The first one that failed is open. */
export function Verdicts({ tests }: { readonly tests: readonly TestResult[] }) {
  const failed = tests.findIndex(({ verdict }) => verdict !== "accepted");
  return (
    <section class="card" aria-label="Tests">
      <header class="card-head">
        <h2>Tests</h2>
      </header>
      {tests.map((test, index) => <Verdict key={index} test={test} isOpen={index === failed} />)}
    </section>
  );
}

function Verdict({ isOpen, test }: { readonly isOpen: boolean; readonly test: TestResult }) {
  const { name, outcome, stderr, stdout, truncated, usage: { peakMemoryBytes, wallMs }, verdict } = test;
  const omitted = (truncated?.stdout ?? 0) + (truncated?.stderr ?? 0);
  return (
    <details class="group verdict" open={isOpen}>
      <summary>
        <span class="group-title">Test {name}</span>
        <span class={`badge ${verdict === "accepted" ? "badge-good" : "badge-bad"}`}>{VERDICTS[verdict]}</span>
        <span class="group-state">
          {formatMs(wallMs)}
          {peakMemoryBytes !== null && `, ${formatBytes(peakMemoryBytes)}`}
        </span>
      </summary>
      <p class="hint verdict-end">{describeOutcome(outcome)}</p>
      {stdout === "" && stderr === "" && <p class="empty">It printed nothing.</p>}
      {(stdout !== "" || stderr !== "") && (
        <pre class="output" tabindex={0} aria-label={`Output of test ${name}`}>
          <span class="stdout">{stdout}</span><span class="stderr">{stderr}</span>
        </pre>
      )}
      {omitted > 0 && <p class="hint output-note">The service kept all but {omitted} bytes of the output.</p>}
    </details>
  );
}

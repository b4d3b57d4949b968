import type { CompileResult } from "../../../../core/execution.ts";
import { describeOutcome, isGood } from "./outcome.ts";

/** What the compiler said. It is open when it failed. */
export function Compiler({ compile }: { readonly compile: CompileResult }) {
  const text = `${compile.stdout}${compile.stderr}`;
  if (text === "" && isGood(compile.outcome)) return null;
  return (
    <details class="group" open={!isGood(compile.outcome)}>
      <summary>
        <span class="group-title">Compiler</span>
        <span class="group-state">{describeOutcome(compile.outcome)}</span>
      </summary>
      <pre class="output" tabindex={0} aria-label="Output of the compiler">{text}</pre>
    </details>
  );
}

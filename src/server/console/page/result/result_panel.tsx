import type { Remedy } from "../../../../core/denials/denial.ts";
import type { Problem } from "../api/request.ts";
import type { RunState } from "../api/run_state.ts";
import { ProblemNote } from "../parts/problem_note.tsx";
import { Candidates } from "./candidates.tsx";
import { Compiler } from "./compiler.tsx";
import { Denials } from "./denials.tsx";
import { Notes } from "./notes.tsx";
import { OutputFiles } from "./output_files.tsx";
import { Output } from "./output.tsx";
import { OutcomeHead } from "./outcome_head.tsx";
import { StdinLine } from "./stdin_line.tsx";
import { UsageFacts } from "./usage_facts.tsx";
import { Verdicts } from "./verdicts.tsx";

/** Properties of a result. */
export interface ResultPanelProps {
  readonly state: RunState;
  /** Whether stdin can be typed while the program runs. */
  readonly isInteractive?: boolean;
  /** Grants remedies and runs again; absent, nothing can be granted. */
  readonly onAllow?: ((remedies: readonly Remedy[]) => void) | undefined;
}

/** An execution: its end, output, denials, files, and why it ran where it did. */
export function ResultPanel({ isInteractive = false, onAllow, state }: ResultPanelProps) {
  const { execution, id, phase, problem } = state;
  const selection = execution?.selection ?? problem?.selection;
  return (
    <>
      <section class="card result" aria-label="Result" tabindex={-1}>
        <OutcomeHead state={state} />
        {problem !== undefined && <ProblemNote problem={selection === undefined ? problem : withoutReasons(problem)} />}
        {execution?.compile !== undefined && <Compiler compile={execution.compile} />}
        {phase !== "failed" && execution?.tests === undefined && <Output state={state} />}
        {execution?.notes !== undefined && <Notes notes={execution.notes} />}
        {isInteractive && phase === "running" && id !== undefined && <StdinLine id={id} />}
        {execution !== undefined && <UsageFacts execution={execution} />}
      </section>
      {execution?.tests !== undefined && <Verdicts tests={execution.tests} />}
      {execution !== undefined && execution.denials.length > 0 && <Denials execution={execution} onAllow={onAllow} />}
      {execution !== undefined && <OutputFiles execution={execution} />}
      {selection !== undefined && (
        <Candidates
          title={selection.chosen === null ? "Why no runtime" : "Why this runtime"}
          selection={selection}
          attempts={execution?.attempts ?? problem?.attempts}
        />
      )}
    </>
  );
}

/** A problem without the reasons that the list of runtimes has. */
function withoutReasons(problem: Problem): Problem {
  const reasons = problem.errors?.map(({ message }) => message).join("; ");
  return { ...problem, detail: problem.detail.replace(` (${reasons})`, ""), errors: [] };
}

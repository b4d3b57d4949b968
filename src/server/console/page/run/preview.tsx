import { useEffect, useState } from "preact/hooks";
import type { Selection } from "../../../../core/selection.ts";
import { type Problem, sendForJson, toProblem } from "../api/request.ts";
import { ProblemNote } from "../parts/problem_note.tsx";
import { Candidates } from "../result/candidates.tsx";
import { findMistake } from "./numbers.ts";
import { lengthOfFiles, type ProgramForm, toRequest, toSelectionRequest } from "./program_form.ts";

/** Time without a change after which the service is asked, in ms. */
const SETTLED_MS = 250;
/** Longest program that is sent after each change, in characters. The request of a longer one is without it. */
const MAX_LENGTH = 262_144;

/** Where the program would run, before it does. */
export function Preview({ form, isVisible }: { readonly form: ProgramForm; readonly isVisible: boolean }) {
  const [found, setFound] = useState<{ readonly selection?: Selection; readonly problem?: Problem }>({});
  const mistake = findMistake(form);
  const body = mistake === undefined ? bodyOf(form) : "";
  useEffect(() => {
    if (!isVisible || body === "") return;
    const leaving = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const options = { method: "POST", body: JSON.parse(body), signal: leaving.signal, isBackground: true } as const;
        setFound({ selection: await sendForJson<Selection>("/v1/runtimes/select", options) });
      } catch (error) {
        if (!leaving.signal.aborted) setFound({ problem: toProblem(error) });
      }
    }, SETTLED_MS);
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [body, isVisible]);
  const { problem, selection } = mistake === undefined ? found : { problem: mistake };
  return (
    <>
      <section class="card result-empty" aria-label="Result">
        <p>Run the program, and its output appears here.</p>
      </section>
      {problem !== undefined && <ProblemNote problem={problem} />}
      {selection !== undefined && <Candidates title="Where it would run" selection={selection} />}
    </>
  );
}

function bodyOf(form: ProgramForm): string {
  const isShort = form.code.length + lengthOfFiles(form.files) <= MAX_LENGTH;
  return JSON.stringify(isShort ? toRequest(form) : toSelectionRequest(form));
}

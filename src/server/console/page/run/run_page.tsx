import { useCallback, useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { Remedy } from "../../../../core/denials/denial.ts";
import { problemOf } from "../api/request.ts";
import { useRun } from "../api/use_run.ts";
import { ResultPanel } from "../result/result_panel.tsx";
import { addressOf } from "../shell/route.ts";
import { loadDraft, saveFiles, saveProgram } from "./draft.ts";
import { findMistake } from "./numbers.ts";
import { Preview } from "./preview.tsx";
import { applyRemedy, type ProgramForm, toRequest } from "./program_form.ts";
import { ProgramEditor } from "./program_editor.tsx";
import { Settings } from "./settings.tsx";
import { unpackProgram } from "./share_link.ts";
import { Toolbar } from "./toolbar.tsx";
import { useResultInSight } from "./use_result_in_sight.ts";

/** The page where a program is written and run. */
export function RunPage({ id: packed, isVisible }: { readonly isVisible: boolean; readonly id?: string | undefined }) {
  const [form, setForm] = useState(loadDraft);
  const [edition, setEdition] = useState(0); // Changes with a program that takes the place of another.
  const [former, setFormer] = useState<ProgramForm>();
  const [areFilesKept, setAreFilesKept] = useState(true);
  const run = useRun();
  const { state } = run;
  const result = useResultInSight(state);
  const change = useCallback((changes: Partial<ProgramForm>) => setForm((last) => ({ ...last, ...changes })), []);

  const start = (changed: ProgramForm) => {
    const mistake = findMistake(changed);
    if (mistake !== undefined) return run.refuse(mistake);
    run.start("/v1/executions", { method: "POST", body: toRequest(changed) });
  };
  const allow = (remedies: readonly Remedy[]) => {
    const changed = { ...form, permissions: remedies.reduce(applyRemedy, form.permissions) };
    setForm(changed);
    start(changed);
  };

  const replace = (next: ProgramForm) => {
    run.reset();
    setForm(next);
    setEdition((last) => last + 1);
  };

  useEffect(() => {
    if (packed === undefined) return;
    history.replaceState(null, "", addressOf("run")); // A reload shows what became of the program.
    unpackProgram(packed).then((next) => {
      setFormer(form);
      replace(next);
    }, (error: Error) => run.refuse(problemOf("Cannot open the link", error.message)));
  }, [packed]);
  useEffect(() => setAreFilesKept(saveFiles(form.files)), [form.files]);
  useEffect(() => saveProgram(form), [form]);
  useLayoutEffect(() => { // After the paint is too late: a key pressed until then would run the form of before.
    if (!isVisible) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !(event.ctrlKey || event.metaKey)) return;
      if (event.key === "Enter" && !run.isBusy) start(form);
      else if (event.key === "." && run.isBusy) run.stop();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });

  return (
    <>
      <h1 class="unseen">Run a program</h1>
      <Toolbar
        form={form}
        isBusy={run.isBusy}
        onChange={change}
        onReplace={replace}
        onRun={() => start(form)}
        onStop={run.stop}
      />
      {former !== undefined && (
        <p class="note note-warn note-line" role="status">
          <span>This program came with a link. Read it before you run it.</span>
          <span class="spacer" />
          <button
            type="button"
            class="button"
            onClick={() => {
              replace(former);
              setFormer(undefined);
            }}
          >
            Back to my program
          </button>
          <button type="button" class="button" onClick={() => setFormer(undefined)}>Keep it</button>
        </p>
      )}
      <div class="workbench">
        <ProgramEditor
          key={edition}
          form={form}
          areFilesKept={areFilesKept}
          onChange={change}
          onRun={() => !run.isBusy && start(form)}
        />
        <div ref={result} class="stack workbench-result">
          {state.phase === "idle"
            ? <Preview form={form} isVisible={isVisible} />
            : <ResultPanel state={state} isInteractive={form.isInteractive} onAllow={run.isBusy ? undefined : allow} />}
        </div>
        <Settings form={form} onChange={change} />
      </div>
    </>
  );
}

import { useCallback, useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { Remedy } from "../../../../core/denials/denial.ts";
import { useRun } from "../api/use_run.ts";
import { ResultPanel } from "../result/result_panel.tsx";
import { loadDraft, saveFiles, saveProgram } from "./draft.ts";
import { findMistake } from "./numbers.ts";
import { Preview } from "./preview.tsx";
import { applyRemedy, type ProgramForm, toRequest } from "./program_form.ts";
import { ProgramEditor } from "./program_editor.tsx";
import { Settings } from "./settings.tsx";
import { Toolbar } from "./toolbar.tsx";
import { useResultInSight } from "./use_result_in_sight.ts";

/** The page where a program is written and run. */
export function RunPage({ isVisible }: { readonly isVisible: boolean }) {
  const [form, setForm] = useState(loadDraft);
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
      <Toolbar form={form} isBusy={run.isBusy} onChange={change} onRun={() => start(form)} onStop={run.stop} />
      <div class="workbench">
        <ProgramEditor
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

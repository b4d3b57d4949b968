import { useState } from "preact/hooks";
import type { languageListSchema } from "../../../../core/answers/runtime.ts";
import type { AnswerOf } from "../api/request.ts";
import { IconButton } from "../parts/icon.tsx";
import { ProblemNote } from "../parts/problem_note.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { keep, readKept } from "../parts/tab_storage.ts";
import { useAnswer } from "../parts/use_answer.ts";
import { CellCard } from "./cell_card.tsx";
import { saveCells, saveOutputs } from "./cells.ts";
import type { OpenedNotebook } from "./ipynb.ts";
import { NotebookFile } from "./notebook_file.tsx";
import { useNotebook } from "./use_notebook.ts";

const FIRST_LANGUAGE = "python";
const KEPT_AS = "codebeaker.notebook";

/** A notebook: cells that share the variables of one context. */
export function NotebookPage({ isVisible }: { readonly isVisible: boolean }) {
  const { answer, problem } = useAnswer<AnswerOf<typeof languageListSchema>>("/v1/languages", { isOn: isVisible });
  const [chosen, setChosen] = useState(() => readKept(KEPT_AS));
  const [edition, setEdition] = useState(0); // Changes with an opened file, whose cells take the place of others.
  const languages = answer?.languages.filter(({ available, contexts }) => available && contexts) ?? [];
  const find = (wanted: unknown) => languages.find(({ name }) => name === wanted);
  const language = (find(chosen) ?? find(FIRST_LANGUAGE) ?? languages[0])?.name;
  if (problem !== undefined && answer === undefined) return <ProblemNote problem={problem} />;
  if (answer === undefined) return <Skeleton rows={3} />;
  if (language === undefined) return <p class="card empty">No language of this service has contexts.</p>;
  const names = languages.map(({ name }) => name);
  const choose = (name: string) => {
    setChosen(name);
    keep(KEPT_AS, name);
  };
  const open = ({ cells, language: named }: OpenedNotebook) => {
    const name = find(named)?.name ?? language;
    saveCells(name, cells);
    saveOutputs(name, cells);
    choose(name);
    setEdition(edition + 1);
  };
  return (
    <Cells
      key={`${language} ${edition}`}
      language={language}
      languages={names}
      onLanguage={choose}
      onOpen={open}
    />
  );
}

function Cells(
  { language, languages, onLanguage, onOpen }: {
    readonly language: string;
    readonly languages: readonly string[];
    onLanguage(language: string): void;
    onOpen(notebook: OpenedNotebook): void;
  },
) {
  const notebook = useNotebook(language);
  const { active, cells, isOpen, runtime } = notebook;
  const isBusy = active !== undefined;
  const goOn = async (id: number) => {
    const next = cells[cells.findIndex((cell) => cell.id === id) + 1]?.id ?? notebook.add(id);
    requestAnimationFrame(() => focusCell(next));
    await notebook.run([id]);
  };
  return (
    <>
      <div class="page-head">
        <h1>Notebook</h1>
        <label class="inline-field">
          <span>Language</span>
          <select value={language} disabled={isBusy} onChange={(event) => onLanguage(event.currentTarget.value)}>
            {languages.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <span class="muted" role="status">
          {runtime === undefined ? "Its session opens with the first cell" : isOpen ? `On ${runtime}` : "No variables"}
        </span>
        <div class="spacer" />
        <button type="button" class="button" disabled={isBusy} onClick={() => notebook.run(cells.map(({ id }) => id))}>
          Run all
        </button>
        <button type="button" class="button" disabled={isBusy || !isOpen} onClick={notebook.restart}>Restart</button>
        <IconButton icon="clear" label="Clear all outputs" disabled={isBusy} onClick={() => notebook.clear()} />
        <NotebookFile language={language} cells={cells} isBusy={isBusy} onOpen={onOpen} />
        <button
          type="button"
          class="button button-quiet"
          disabled={isBusy || runtime === undefined}
          onClick={notebook.close}
        >
          End session
        </button>
      </div>
      {notebook.problem !== undefined && <ProblemNote problem={notebook.problem} />}
      <ol class="cells">
        {cells.map((cell, index) => (
          <CellCard
            key={cell.id}
            cell={cell}
            number={index + 1}
            count={cells.length}
            language={language}
            isActive={cell.id === active}
            isBusy={isBusy}
            onWrite={(code) => notebook.write(cell.id, code)}
            onStdin={(stdin) => notebook.setStdin(cell.id, stdin)}
            onRun={() => notebook.run([cell.id])}
            onGoOn={() => goOn(cell.id)}
            onInterrupt={notebook.interrupt}
            onRemove={() => notebook.remove(cell.id)}
            onInsert={(where) => focusSoon(where === "above" ? notebook.addBefore(cell.id) : notebook.add(cell.id))}
            onMove={(by) => notebook.move(cell.id, by)}
            onClear={() => notebook.clear(cell.id)}
            onKind={(kind) => notebook.changeKind(cell.id, kind)}
          />
        ))}
      </ol>
      <div class="cells-foot">
        <button type="button" class="button" onClick={() => focusSoon(notebook.add())}>Add cell</button>
        <span class="hint">Shift-Enter runs a cell and goes on, Ctrl-Enter stays.</span>
      </div>
    </>
  );
}

function focusSoon(id: number): void {
  requestAnimationFrame(() => focusCell(id));
}

function focusCell(id: number): void {
  document.querySelector<HTMLElement>(`[data-cell="${id}"] .cm-content`)?.focus();
}

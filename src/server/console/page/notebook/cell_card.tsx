import { useMemo } from "preact/hooks";
import { CodeEditor } from "../parts/code_editor.tsx";
import { IconButton } from "../parts/icon.tsx";
import { modeOf } from "../run/languages.ts";
import { CellOutput } from "./cell_output.tsx";
import type { Cell } from "./cells.ts";

/** Properties of a cell. */
export interface CellCardProps {
  readonly cell: Cell;
  /** Its place among the cells, from 1. */
  readonly number: number;
  readonly language: string;
  readonly isActive: boolean;
  /** Whether some cell runs. */
  readonly isBusy: boolean;
  onWrite(code: string): void;
  onRun(): void;
  /** Runs it, and goes on to the next one. */
  onGoOn(): void;
  onInterrupt(): void;
  onRemove(): void;
}

/** A cell: its editor, and what its latest run printed, showed and returned. */
export function CellCard(props: CellCardProps) {
  const { cell, isActive, isBusy, language, number, onGoOn, onInterrupt, onRemove, onRun, onWrite } = props;
  const mode = useMemo(() => modeOf(language), [language]);
  return (
    <li class={isActive ? "card cell cell-active" : "card cell"} data-cell={cell.id}>
      <div class="cell-side">
        <span class="cell-turn muted" title="The number of its run">{isActive ? "…" : cell.turn ?? ""}</span>
        {isActive
          ? <IconButton icon="stop" class="icon-halt" label={`Stop cell ${number}`} onClick={onInterrupt} />
          : (
            <IconButton
              icon="play"
              class="icon-run"
              label={`Run cell ${number}`}
              keys="Ctrl-Enter"
              disabled={isBusy}
              onClick={onRun}
            />
          )}
        <IconButton icon="trash" label={`Remove cell ${number}`} disabled={isActive} onClick={onRemove} />
      </div>
      <div class="cell-body">
        <CodeEditor
          isCompact
          label={`Cell ${number}`}
          initial={cell.code}
          mode={mode}
          placeholder="An expression, a statement, or several"
          keys={{ "Mod-Enter": onRun, "Shift-Enter": onGoOn }}
          onChange={onWrite}
        />
        <CellOutput state={cell.state} />
      </div>
    </li>
  );
}

import { useMemo, useState } from "preact/hooks";
import { CodeEditor } from "../parts/code_editor.tsx";
import { TextArea } from "../parts/fields.tsx";
import { IconButton } from "../parts/icon.tsx";
import { modeOf } from "../run/languages.ts";
import { CellOutput } from "./cell_output.tsx";
import type { Cell } from "./cells.ts";
import { HtmlFrame } from "./html_frame.tsx";
import { renderMarkdown } from "./markdown.ts";

/** Most height of a Markdown cell without a scroll bar, in pixels. */
const MAX_MARKDOWN_PX = 4_000;

/** The languages whose cells can read standard input. */
const READS_STDIN: ReadonlySet<string> = new Set(["python"]);

/** What can be done with a cell. */
export interface CellActions {
  onWrite(code: string): void;
  /** Sets the standard input. Undefined, there is none. */
  onStdin(stdin: string | undefined): void;
  onRun(): void;
  /** Runs it, and goes on to the next one. */
  onGoOn(): void;
  onInterrupt(): void;
  onRemove(): void;
  onInsert(where: "above" | "below"): void;
  onMove(by: -1 | 1): void;
  onClear(): void;
  onKind(kind: Cell["kind"]): void;
}

/** Properties of a cell. */
export interface CellCardProps extends CellActions {
  readonly cell: Cell;
  /** Its place among the cells, from 1. */
  readonly number: number;
  /** How many cells there are. */
  readonly count: number;
  readonly language: string;
  readonly isActive: boolean;
  /** Whether some cell runs. */
  readonly isBusy: boolean;
}

/** A cell: its editor, and what its latest run printed, showed and returned. */
export function CellCard(props: CellCardProps) {
  const { cell, isActive } = props;
  const [isWritten, setIsWritten] = useState(cell.kind === "markdown" && cell.code.trim() === "");
  const look = `card cell${isActive ? " cell-active" : ""}${cell.kind === "markdown" ? " cell-markdown" : ""}`;
  const edit = () => setIsWritten(true);
  const show = () => setIsWritten(cell.code.trim() === "");
  return (
    <li class={look} data-cell={cell.id}>
      <Side {...props} isWritten={isWritten} onEdit={edit} onShow={show} />
      <div class="cell-body">
        {cell.kind === "markdown" && !isWritten
          ? (
            <HtmlFrame
              html={renderMarkdown(cell.code)}
              title={`Text of cell ${props.number}`}
              maxHeight={MAX_MARKDOWN_PX}
              onDoubleClick={edit}
            />
          )
          : <Editor {...props} onShow={show} />}
        {cell.kind === "code" && cell.stdin !== undefined && (
          <TextArea
            label={`Standard input of cell ${props.number}`}
            hint="What input() reads, one line at a time"
            value={cell.stdin}
            onChange={props.onStdin}
          />
        )}
        {cell.kind === "code" && <CellOutput state={cell.state} />}
      </div>
      <Tools
        {...props}
        onKind={(kind) => {
          setIsWritten(true);
          props.onKind(kind);
        }}
      />
    </li>
  );
}

/** The number of the latest run, and the button that runs, stops, shows or edits. */
function Side(
  { cell, isActive, isBusy, isWritten, number, onEdit, onInterrupt, onRun, onShow }: CellCardProps & {
    readonly isWritten: boolean;
    onEdit(): void;
    onShow(): void;
  },
) {
  if (cell.kind === "markdown") {
    return (
      <div class="cell-side">
        {isWritten
          ? <IconButton icon="check" label={`Show the text of cell ${number}`} keys="Ctrl-Enter" onClick={onShow} />
          : <IconButton icon="pencil" label={`Edit cell ${number}`} keys="double click" onClick={onEdit} />}
      </div>
    );
  }
  return (
    <div class="cell-side">
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
      <span class="cell-turn muted" title="The number of its run">{isActive ? "…" : cell.turn ?? ""}</span>
    </div>
  );
}

function Editor({ cell, language, number, onGoOn, onRun, onShow, onWrite }: CellCardProps & { onShow(): void }) {
  const isText = cell.kind === "markdown";
  const mode = useMemo(() => isText ? [] : modeOf(language), [isText, language]);
  const run = isText ? onShow : onRun;
  const goOn = () => {
    if (isText) onShow();
    onGoOn();
  };
  return (
    <CodeEditor
      key={cell.kind}
      isCompact
      label={`Cell ${number}`}
      initial={cell.code}
      mode={mode}
      placeholder={isText ? "Text, as Markdown" : "An expression, a statement, or several"}
      keys={{ "Mod-Enter": run, "Shift-Enter": goOn }}
      onChange={onWrite}
    />
  );
}

/** Everything else, in sight while the pointer or the keyboard is at the cell. */
function Tools(
  { cell, count, isActive, language, number, onClear, onInsert, onKind, onMove, onRemove, onStdin }: CellCardProps,
) {
  const isText = cell.kind === "markdown";
  return (
    <div class="cell-tools" role="group" aria-label={`Tools of cell ${number}`}>
      <IconButton icon="up" label={`Move cell ${number} up`} disabled={number === 1} onClick={() => onMove(-1)} />
      <IconButton
        icon="down"
        label={`Move cell ${number} down`}
        disabled={number === count}
        onClick={() => onMove(1)}
      />
      <IconButton icon="above" label={`Insert a cell above cell ${number}`} onClick={() => onInsert("above")} />
      <IconButton icon="below" label={`Insert a cell below cell ${number}`} onClick={() => onInsert("below")} />
      <IconButton
        icon={isText ? "code" : "text"}
        label={isText ? `Make cell ${number} code` : `Make cell ${number} Markdown`}
        disabled={isActive}
        onClick={() => onKind(isText ? "code" : "markdown")}
      />
      {!isText && READS_STDIN.has(language) && (
        <IconButton
          icon="input"
          label={cell.stdin === undefined ? `Give cell ${number} an input` : `Remove the input of cell ${number}`}
          disabled={isActive}
          onClick={() => onStdin(cell.stdin === undefined ? "" : undefined)}
        />
      )}
      <IconButton
        icon="clear"
        label={`Clear the output of cell ${number}`}
        disabled={isActive || cell.state.phase === "idle"}
        onClick={onClear}
      />
      <IconButton icon="trash" label={`Remove cell ${number}`} disabled={isActive} onClick={onRemove} />
    </div>
  );
}

import { useEffect, useRef, useState } from "preact/hooks";
import { IDLE, type RunState } from "../api/run_state.ts";
import { type Problem, toProblem } from "../api/request.ts";
import { useRun } from "../api/use_run.ts";
import { isGood } from "../result/outcome.ts";
import {
  addCell,
  addCellBefore,
  type Cell,
  changeCell,
  clearOutputs,
  loadCells,
  moveCell,
  removeCell,
  saveCells,
  saveOutputs,
  setStdin,
} from "./cells.ts";
import { Connection } from "./connection.ts";

/** The cells of a notebook, and what can be done with them. One cell runs at a time. */
export interface Notebook {
  readonly cells: readonly Cell[];
  /** The id of the cell that runs; undefined when none does. */
  readonly active?: number | undefined;
  readonly runtime?: string | undefined;
  /** Whether there are variables. */
  readonly isOpen: boolean;
  readonly problem?: Problem | undefined;
  write(id: number, code: string): void;
  /** Sets the standard input of a cell. Undefined, the cell has none. */
  setStdin(id: number, stdin: string | undefined): void;
  /** Adds a cell behind another, and returns its id. */
  add(after?: number): number;
  /** Adds a cell before another, and returns its id. */
  addBefore(before: number): number;
  remove(id: number): void;
  move(id: number, by: -1 | 1): void;
  changeKind(id: number, kind: Cell["kind"]): void;
  /** Removes the output of a cell; of every cell without an id. */
  clear(id?: number): void;
  /** Runs cells one after the other, until one of them fails. */
  run(ids: readonly number[]): Promise<void>;
  interrupt(): void;
  restart(): void;
  close(): void;
}

/** Keeps a notebook in one language. Its session is closed with it, or when the page goes away. */
export function useNotebook(language: string): Notebook {
  const [cells, setCells] = useState(() => loadCells(language));
  const [active, setActive] = useState<number>();
  const [problem, setProblem] = useState<Problem>();
  const [, repaint] = useState(0); // The connection is no state of the page.
  const connection = useRef(new Connection(language));
  const latest = useRef(cells);
  const turn = useRef(0);
  const isGone = useRef(false);
  const run = useRun();
  latest.current = cells;

  const change = (next: readonly Cell[]) => {
    latest.current = next;
    setCells(next);
    saveCells(language, next);
  };
  const changeOutputs = (next: readonly Cell[]) => {
    change(next);
    saveOutputs(language, next);
  };
  const insert = (next: readonly Cell[]): number => {
    const before = latest.current;
    changeOutputs(next);
    return next.find((cell) => !before.some(({ id }) => id === cell.id))?.id ?? 0;
  };

  useEffect(() => {
    const close = () => connection.current.close().catch(() => {}); // The session ends by itself after a while.
    const onHide = ({ persisted }: PageTransitionEvent) => void (persisted || close());
    addEventListener("pagehide", onHide);
    return () => {
      removeEventListener("pagehide", onHide);
      isGone.current = true;
      close();
    };
  }, []);

  async function attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      setProblem(undefined);
      await work();
      return true;
    } catch (error) {
      setProblem(toProblem(error));
      return false;
    } finally {
      repaint((last) => last + 1);
    }
  }

  async function runOne(id: number): Promise<boolean> {
    const { code, kind, stdin } = latest.current.find((cell) => cell.id === id) ?? {};
    if (code === undefined || code.trim() === "" || kind === "markdown") return true;
    run.reset();
    setActive(id);
    let state: RunState = IDLE;
    let isMissing = false;
    for (let tries = 0; tries === 0 || (isMissing && tries === 1); tries++) {
      let path = "";
      if (!await attempt(async () => path = await connection.current.open()) || isGone.current) break;
      state = await run.start(`${path}/executions`, { method: "POST", body: { code, stdin } });
      isMissing = state.id === undefined && ["conflict", "not_found"].includes(state.problem?.code ?? "");
      if (isMissing || state.execution?.contextLost === true) connection.current.forget();
    }
    if (state !== IDLE) changeOutputs(changeCell(latest.current, id, { state, turn: ++turn.current }));
    setActive(undefined);
    return state.execution !== undefined && isGood(state.execution.outcome);
  }

  return {
    cells: cells.map((cell) => cell.id === active ? { ...cell, state: run.state } : cell),
    active,
    runtime: connection.current.runtime,
    isOpen: connection.current.isOpen,
    problem,
    write: (id, code) => change(changeCell(latest.current, id, { code })),
    setStdin: (id, stdin) => change(setStdin(latest.current, id, stdin)),
    add: (after) => insert(addCell(latest.current, after)),
    addBefore: (before) => insert(addCellBefore(latest.current, before)),
    remove: (id) => changeOutputs(removeCell(latest.current, id)),
    move: (id, by) => changeOutputs(moveCell(latest.current, id, by)),
    changeKind: (id, kind) => changeOutputs(clearOutputs(changeCell(latest.current, id, { kind }), id)),
    clear: (id) => changeOutputs(clearOutputs(latest.current, id)),
    async run(ids) {
      if (active !== undefined) return;
      for (const id of ids) {
        if (!await runOne(id)) break;
      }
    },
    interrupt: () => void attempt(() => connection.current.interrupt()),
    restart() {
      turn.current = 0;
      changeOutputs(clearOutputs(latest.current));
      attempt(() => connection.current.restart());
    },
    close: () => void attempt(() => connection.current.close()),
  };
}

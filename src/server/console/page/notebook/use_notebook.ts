import { useEffect, useRef, useState } from "preact/hooks";
import { IDLE, type RunState } from "../api/run_state.ts";
import { type Problem, toProblem } from "../api/request.ts";
import { useRun } from "../api/use_run.ts";
import { isGood } from "../result/outcome.ts";
import { addCell, type Cell, changeCell, loadCells, removeCell, saveCells } from "./cells.ts";
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
  /** Adds a cell behind another, and returns its id. */
  add(after?: number): number;
  remove(id: number): void;
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
    const code = latest.current.find((cell) => cell.id === id)?.code;
    if (code === undefined || code.trim() === "") return true;
    run.reset();
    setActive(id);
    let state: RunState = IDLE;
    let isMissing = false;
    for (let tries = 0; tries === 0 || (isMissing && tries === 1); tries++) {
      let path = "";
      if (!await attempt(async () => path = await connection.current.open()) || isGone.current) break;
      state = await run.start(`${path}/executions`, { method: "POST", body: { code } });
      isMissing = state.id === undefined && ["conflict", "not_found"].includes(state.problem?.code ?? "");
      if (isMissing || state.execution?.contextLost === true) connection.current.forget();
    }
    if (state !== IDLE) change(changeCell(latest.current, id, { state, turn: ++turn.current }));
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
    add(after) {
      const next = addCell(latest.current, after);
      change(next);
      return next.find((cell) => !cells.some(({ id }) => id === cell.id))?.id ?? 0;
    },
    remove: (id) => change(removeCell(latest.current, id)),
    async run(ids) {
      if (active !== undefined) return;
      for (const id of ids) {
        if (!await runOne(id)) break;
      }
    },
    interrupt: () => void attempt(() => connection.current.interrupt()),
    restart() {
      turn.current = 0;
      change(latest.current.map(({ code, id }) => ({ code, id, state: IDLE })));
      attempt(() => connection.current.restart());
    },
    close: () => void attempt(() => connection.current.close()),
  };
}

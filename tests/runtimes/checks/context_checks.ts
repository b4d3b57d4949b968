import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { OutputChunk, ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { Contexts } from "../../../src/contexts/contexts.ts";
import type { Bench, Checks } from "./bench.ts";

/** Evaluates a cell. */
type Evaluate = (code: string, limits?: Partial<Limits>, onOutput?: OnOutput) => Promise<ProgramResult>;

type OnOutput = (chunk: OutputChunk) => void;

/** The checks of contexts for a language that has an interpreter, or for one that has none. */
export function contextChecks(hasContexts: boolean): Checks {
  return hasContexts ? CONTEXT_CHECKS : REFUSAL_CHECKS;
}

const REFUSAL_CHECKS: Checks = {
  "a context is refused as there is no interpreter for the language": async (bench) => {
    const error = await assertRejects(() => inContext(bench, async () => {}), CodeBeakerError);
    assertEquals(error.code, "unsupported_language");
  },
};

const CONTEXT_CHECKS: Checks = {
  "a context keeps what its cells declare, and shares the workspace with programs": (bench) =>
    inContext(bench, async (evaluate) => {
      const { printFile, writeFile } = bench.dialect;
      const { declare, use } = cellsOf(bench);
      assertEquals((await evaluate(declare)).exitCode, 0);
      const { text, value } = await evaluate(use);
      assertEquals([value, text], [42, "42"]);
      assertEquals((await evaluate(bench.dialect.hello)).stdout, "hello\n");
      await bench.run(writeFile("by_program.txt", "from the program"));
      assertEquals((await evaluate(printFile("by_program.txt"))).stdout, "from the program");
      assertEquals((await evaluate(use)).value, 42);
    }),

  "a cell that fails says in which cell and line, and its context goes on": (bench) =>
    inContext(bench, async (evaluate) => {
      const printed: OutputChunk[] = [];
      const failed = await evaluate(bench.dialect.failOnLine3("went wrong"), {}, (chunk) => void printed.push(chunk));
      assertEquals([failed.outcome, failed.contextLost], [{ kind: "exited", exitCode: 1 }, undefined]);
      assertMatch(failed.stderr, /went wrong/);
      assertMatch(failed.stderr, /cell_1\W+(line )?3\b/);
      assertMatch(failed.error?.message ?? "", /went wrong/);
      assertStringIncludes(failed.stderr, failed.error?.traceback ?? "no traceback");
      assertEquals([printed.length > 0, printed.every(({ isOfError }) => isOfError)], [true, true]);
      assertEquals((await evaluate(bench.dialect.hello)).stdout, "hello\n");
    }),

  "a cell that spins is ended at its deadline with its state kept": (bench) =>
    inContext(bench, async (evaluate) => {
      await evaluate(cellsOf(bench).declare);
      const { contextLost, outcome } = await evaluate(bench.dialect.spin, { timeoutMs: 200 });
      assertEquals([outcome, contextLost], [{ kind: "timed_out", limitMs: 200 }, undefined]);
      assertEquals((await evaluate(cellsOf(bench).use)).value, 42);
    }),

  "a cell that exits, floods, or takes too much memory ends its context, and that is told": async (bench) => {
    const { allocateForEver, exitWith, floodStdout } = bench.dialect;
    const cases: readonly (readonly [string, Partial<Limits>, string])[] = [
      [exitWith(3), {}, "exited"],
      [floodStdout, { maxTotalOutputBytes: 1_000_000 }, "output_limit"],
      [allocateForEver, { memoryMb: 64, timeoutMs: 30_000, cpuMs: 30_000 }, "memory_limit"],
    ];
    for (const [code, limits, kind] of cases) {
      await inContext(bench, async (evaluate) => {
        const { contextLost, outcome } = await evaluate(code, limits);
        assertEquals([outcome.kind, contextLost], [kind, true]);
      }, limits);
    }
  },
};

function cellsOf({ dialect: { cells } }: Bench): NonNullable<Bench["dialect"]["cells"]> {
  if (cells === undefined) throw new Error("The suite has no cells in a language that has contexts");
  return cells;
}

async function inContext(
  { environment }: Bench,
  test: (evaluate: Evaluate) => Promise<void>,
  limits: Partial<Limits> = {},
): Promise<void> {
  await using contexts = new Contexts();
  const options = {
    language: environment.language,
    limits: { ...DEFAULT_LIMITS, ...limits },
    lifetimeMs: 60_000,
    createdAt: 0,
    memory: { [Symbol.dispose]() {} },
  };
  const { id } = await contexts.open(environment, options);
  const context = contexts.get(id);
  await test((code, lower = {}, onOutput = () => {}) =>
    context.run({ code }, { limits: { ...options.limits, ...lower }, onOutput })
  );
}

import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { encodeProgram } from "../../support/dialects/mod.ts";
import type { Checks } from "./bench.ts";

/** How a program is ended that does not end by itself. Each check runs exactly one. */
export const ENDING_CHECKS: Checks = {
  async "a program is ended at its deadline and its output kept"({ dialect, run }) {
    const { outcome, stdout } = await run(dialect.sleep, { limits: { timeoutMs: 300 } });
    assertEquals({ outcome, stdout }, { outcome: { kind: "timed_out", limitMs: 300 }, stdout: "ready\n" });
  },

  async "a program that spins is ended at its deadline"({ dialect, run }) {
    assertEquals((await run(dialect.spin, { limits: { timeoutMs: 200 } })).outcome, {
      kind: "timed_out",
      limitMs: 200,
    });
  },

  async "a program that ignores SIGTERM is killed at its deadline"({ dialect, run }) {
    const { outcome, stdout, usage } = await run(dialect.ignoreSigterm, { limits: { timeoutMs: 2_000 } });
    assertEquals({ outcome, stdout }, { outcome: { kind: "timed_out", limitMs: 2_000 }, stdout: "ready\n" });
    assert(usage.wallMs < 10_000, `It lived for ${usage.wallMs} ms`);
  },

  async "output beyond its total ends the program, head and tail kept"({ dialect, run }) {
    const { outcome, stdout, truncated } = await run(dialect.floodStdout, {
      limits: { maxOutputBytes: 1_000, maxTotalOutputBytes: 1_000_000 },
    });
    assertEquals(outcome.kind, "output_limit");
    assertEquals(stdout, "x".repeat(1_000));
    assertEquals(truncated, { stdout: 999_000, stderr: 0 });
  },

  async "aborting cancels the program"({ dialect, run }) {
    const abort = new AbortController();
    const { outcome, stdout } = await run(dialect.sleep, { signal: abort.signal, onText: () => abort.abort() });
    assertEquals({ outcome, stdout }, { outcome: { kind: "cancelled" }, stdout: "ready\n" });
  },

  async "usage tells what the program took"({ dialect, run }) {
    const { usage } = await run(dialect.spin, { limits: { cpuMs: 150, timeoutMs: 60_000 } });
    assert(usage.wallMs > 0 && usage.wallMs < 60_000, `wall ${usage.wallMs}`);
    assert(usage.startupMs > 0, `start-up ${usage.startupMs}`);
    assert(usage.cpuMs !== null && usage.cpuMs >= 100, `cpu ${usage.cpuMs}`);
    assert(usage.peakMemoryBytes !== null && usage.peakMemoryBytes > 200_000, `memory ${usage.peakMemoryBytes}`);
  },

  async "half a character at the end is kept as a replacement character"({ dialect, run }) {
    const { outcome, stdout } = await run(dialect.halfCharacter, { limits: { timeoutMs: 400 } });
    assertEquals({ outcome, stdout }, { outcome: { kind: "timed_out", limitMs: 400 }, stdout: "ok\ufffd" });
  },

  async "disposing ends what runs"({ environment, dialect }) {
    await environment.files.write(environment.mainFile(), await encodeProgram(dialect, dialect.sleep));
    const handle = await environment.run({ kind: "file", path: environment.mainFile(), args: [] }, {
      env: {},
      limits: DEFAULT_LIMITS,
    });
    await environment[Symbol.asyncDispose]();
    assertEquals((await handle.outcome).kind, "signaled");
    await handle.output.cancel();
    await environment[Symbol.asyncDispose]();
  },
};

import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import type { ChildOutput, Dialect, ProcessPrograms } from "../../support/dialects/mod.ts";
import type { Checks } from "./bench.ts";

/** How long after a program's end the child that it left would have made its file. */
const CHILD_IS_LATE_MS = 1_500;

/** What holds for a program that sends itself signals. Each check runs exactly one. */
export const SIGNAL_CHECKS: Checks = {
  async "death by SIGKILL is no exit with 137"({ dialect, run }) {
    const { outcome, exitCode } = await run(processesOf(dialect).killSelf);
    assertEquals({ outcome, exitCode }, { outcome: { kind: "signaled", signal: "SIGKILL" }, exitCode: null });
  },
};

/** What holds in an environment that lasts for a program that starts others. */
export const CHILD_CHECKS: Checks = {
  async "a program that starts others leaves none behind, also where they hold its output"(
    { environment, dialect, run },
  ) {
    const outputs: readonly ChildOutput[] = ["none", "inherited"];
    for (const output of outputs) {
      const { outcome } = await run(processesOf(dialect).leaveChild(`${output}.txt`, output));
      assertEquals(outcome, { kind: "exited", exitCode: 0 });
    }
    await new Promise((resolve) => setTimeout(resolve, CHILD_IS_LATE_MS));
    for (const output of outputs) {
      const error = await assertRejects(() => environment.files.read(`${output}.txt`), CodeBeakerError);
      assertEquals(error.code, "not_found");
    }
  },
};

/** @throws {Error} where a dialect has none */
export function processesOf({ processes }: Dialect): ProcessPrograms {
  if (processes === undefined) throw new Error("This dialect has no programs that start or signal processes");
  return processes;
}

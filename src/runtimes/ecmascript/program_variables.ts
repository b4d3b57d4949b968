import { dirname } from "@std/path";
import type { EnvironmentMounts } from "../process/launch.ts";

/**
 * Names of variables of every program, with values that many a service has too. They are {@link programVariables}, the
 * defaults, and a shell's.
 */
export const VARIABLE_NAMES: readonly string[] = ["PATH", "HOME", "TMPDIR", "LANG", "PWD", "NO_COLOR"];

/**
 * The variables that no client can change. Programs find the binary by its name. There is no home, since runtimes would
 * load configuration and modules from it.
 */
export function programVariables(
  { binary, temporary }: Pick<EnvironmentMounts, "binary" | "temporary">,
): Record<string, string> {
  return {
    PATH: `${dirname(binary.target)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: "/nonexistent",
    TMPDIR: temporary.target,
    LANG: "C.UTF-8",
  };
}

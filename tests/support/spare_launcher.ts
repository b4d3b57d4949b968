import { until } from "./until.ts";

/** Whether a process waits to become launchers, by its command line in `/proc`. */
export function isSpareLauncher(commandLine: string): boolean {
  return commandLine.includes("read -r line || exit");
}

/** The processes that wait in a service's directory to become launchers. */
export function spareLaunchersOf(directory: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    try {
      return isSpareLauncher(Deno.readTextFileSync(`/proc/${pid}/cmdline`)) &&
        Deno.readLinkSync(`/proc/${pid}/cwd`) === directory;
    } catch {
      return false; // It is no process, or gone.
    }
  });
}

/** The process that waits, as soon as it does. */
export async function spareLauncherOf(directory: string): Promise<number> {
  await until(() => spareLaunchersOf(directory).length > 0, "a launcher waits");
  return spareLaunchersOf(directory)[0] ?? 0;
}

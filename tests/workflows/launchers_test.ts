import { assertEquals } from "@std/assert";
import { COMMAND_LINE, PROJECT, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { NOTHING_RUNS } from "../support/variables.ts";

const TASK = [COMMAND_LINE[0] ?? "", "task", "--quiet", "serve"];
const OPTIONS = { mayLackRuntimes: true, cwd: PROJECT };

async function hasEnded(url: string): Promise<boolean> {
  return await fetch(`${url}/health/live`).then(async (answer) => (await answer.text(), false), () => true);
}

/** A shell that starts a command as its child, as npx does, and waits for it. */
function shellWith(variables: string): string[] {
  return ["/bin/sh", "-c", `${variables} "$@" & wait`, "sh"];
}

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test(`a service that npx started by a task ends when npx gets ${signal}`, async () => {
    const through = shellWith("npm_command=exec");
    await using service = await startServiceProcess([], NOTHING_RUNS, { ...OPTIONS, command: TASK, through });
    service.process.kill(signal);
    await until(() => hasEnded(service.url), "the service has ended");
  });
}

Deno.test("a service outlives the shell that started its task in the background", async () => {
  await using service = await startServiceProcess([], NOTHING_RUNS, {
    ...OPTIONS,
    command: TASK,
    through: ["/bin/sh", "-c", '"$@" & echo $! >&2; read -r _ </dev/null; wait', "sh"],
  });
  service.process.kill("SIGKILL");
  await service.process.status;
  // Ten times as long as launchers are looked for.
  for (let looks = 0; looks < 10; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    assertEquals(await hasEnded(service.url), false);
  }
  Deno.kill(Number(service.log().split("\n")[0]), "SIGTERM");
  await until(() => hasEnded(service.url), "the service has ended");
});

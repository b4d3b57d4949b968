import { assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { LAYER_CANARIES, SHARED_CANARIES } from "../../../../src/runtimes/process/self_test/layer_canaries.ts";
import type { ProgramCanary } from "../../../../src/runtimes/process/self_test/program_canary.ts";

/** What a line of `sh` prints on this machine, outside of every layer. */
async function runBare(canary: ProgramCanary): Promise<string> {
  if (!("line" in canary)) throw new Error("The canary has no line");
  const { stdout } = await new Deno.Command("sh", { args: ["-c", canary.line] }).output();
  const text = new TextDecoder().decode(stdout);
  const [, queue] = /queue id: (\d+)/.exec(text) ?? [];
  if (queue !== undefined) await new Deno.Command("ipcrm", { args: ["--queue-id", queue] }).output();
  return text;
}

Deno.test("LAYER_CANARIES and SHARED_CANARIES are each found broken where no layer is around them", async () => {
  const targets = {
    secretPath: Deno.execPath(),
    secret: "",
    hidesFiles: true,
    port: 1,
    connections: () => 0,
    ownVariables: [],
  };
  await using _child = sleepIn(dirname(Deno.execPath()));
  const mayBreak = ({ name }: ProgramCanary) => name !== "signals" || Deno.uid() === 0; // Only root signals process 1.
  for (const canary of [...LAYER_CANARIES, ...SHARED_CANARIES].filter(mayBreak)) {
    const observation = {
      output: await runBare(canary),
      outcome: { kind: "exited", exitCode: 0 },
      targets,
      fileNames: [],
    } as const;
    assertEquals([canary.name, canary.fault(observation) !== undefined], [canary.name, true]);
    assertEquals(canary.fault({ ...observation, output: "" }), undefined);
  }
});

/** A process whose command line names a directory. */
function sleepIn(directory: string): AsyncDisposable {
  const child = new Deno.Command("sh", { args: ["-c", "read -r _", directory], stdin: "piped" }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.status;
    },
  };
}

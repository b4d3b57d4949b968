import { assert, assertEquals } from "@std/assert";
import { delay } from "../../../../src/concurrency/delay.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import {
  ContainerProgram,
  type ContainerProgramRequest,
} from "../../../../src/runtimes/docker/program/container_program.ts";
import type { Launcher } from "../../../../src/runtimes/docker/program/launcher.ts";

/** A program with a compiler, whose launcher reports these items. */
function compiledProgram(
  items: Launcher["items"],
  { onSignal, ...bounds }: Partial<Pick<ContainerProgramRequest, "limits" | "compileMs">> & { onSignal(): void },
): ContainerProgramRequest {
  const attachment = {
    stdin: new WritableStream<Uint8Array>(),
    frames: new ReadableStream<Uint8Array>(),
    [Symbol.dispose]() {},
  };
  return {
    compiles: true,
    denials: undefined,
    limits: DEFAULT_LIMITS,
    ...bounds,
    input: [],
    launcher: { attachment, secret: "", items },
    control: {
      group: undefined,
      ownProcesses: () => undefined,
      sample: () => Promise.resolve(undefined),
      onCompiled: () => Promise.resolve(),
      ping: () => Promise.resolve(),
      ended: () => new Promise(() => {}),
      signal() {
        onSignal();
        return Promise.resolve(true);
      },
    },
  };
}

Deno.test("ContainerProgram counts the time of a compiler that is ended before its launcher reports it", async () => {
  const limits = { ...DEFAULT_LIMITS, maxTotalOutputBytes: 10 };
  for (const kind of ["output_limit", "cancelled"] as const) {
    const cancelling = new AbortController();
    const killed = Promise.withResolvers<void>();
    const compile = async function* (): Launcher["items"] {
      yield { stream: "stderr", words: ["launched", "7"] };
      if (kind === "cancelled") cancelling.abort();
      else yield { stream: "stdout", bytes: new Uint8Array(100) };
      await killed.promise;
    };
    const request = compiledProgram(compile(), { limits, onSignal: killed.resolve });
    const program = await ContainerProgram.start(request, { signal: cancelling.signal });
    assertEquals((await program.outcome).kind, kind);
    assert((program.usage().cpuMs ?? 0) > 0, kind);
    await program.output.cancel();
  }
});

Deno.test("ContainerProgram counts no start of a launcher, and no unpacking, to its compiler's time", async () => {
  const seen: string[] = [];
  const killed = Promise.withResolvers<void>();
  const compile = async function* (): Launcher["items"] {
    await delay(20);
    seen.push("unpacked");
    yield { stream: "stderr", words: ["launched", "7"] };
    yield { stream: "stderr", words: ["unpacked", "0", "0"] };
    await killed.promise;
  };
  const onSignal = () => {
    seen.push("signal");
    killed.resolve();
  };
  const program = await ContainerProgram.start(compiledProgram(compile(), { compileMs: 1, onSignal }));
  assertEquals([await program.outcome, seen], [{ kind: "timed_out", limitMs: 1 }, ["unpacked", "signal"]]);
  await program.output.cancel();
});

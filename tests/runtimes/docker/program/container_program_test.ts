import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import { ContainerProgram } from "../../../../src/runtimes/docker/program/container_program.ts";
import type { Launcher } from "../../../../src/runtimes/docker/program/launcher.ts";

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
    const attachment = {
      stdin: new WritableStream<Uint8Array>(),
      frames: new ReadableStream<Uint8Array>(),
      [Symbol.dispose]() {},
    };
    const program = await ContainerProgram.start({
      compiles: true,
      denials: undefined,
      limits,
      input: [],
      launcher: { attachment, secret: "", items: compile() },
      control: {
        group: undefined,
        ownProcesses: () => undefined,
        sample: () => Promise.resolve(undefined),
        onCompiled: () => Promise.resolve(),
        ping: () => Promise.resolve(),
        ended: () => new Promise(() => {}),
        signal() {
          killed.resolve();
          return Promise.resolve(true);
        },
      },
    }, { signal: cancelling.signal });
    assertEquals((await program.outcome).kind, kind);
    assert((program.usage().cpuMs ?? 0) > 0, kind);
    await program.output.cancel();
  }
});

import { assertEquals, assertRejects } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { Container, RunningCommand } from "../../../../src/runtimes/docker/container/container.ts";
import { streamOperation } from "../../../../src/runtimes/docker/files/workspace_operation.ts";

const OPERATION = { words: ["pack"], path: "." };

/** A container whose operation prints without end. */
function endlessContainer(
  { signal }: { signal(name: string, pid: number): Promise<boolean> },
): { readonly container: Container; readonly isOver: () => boolean } {
  let isOver = false;
  const command: RunningCommand = {
    stdout: (async function* () {
      try {
        yield await Promise.resolve(new TextEncoder().encode("ok\n42\n"));
        for (;;) yield new TextEncoder().encode("more");
      } finally {
        isOver = true;
      }
    })(),
    fed: Promise.resolve(),
    sourceFailure: () => undefined,
    hasSucceeded: () => Promise.resolve(true),
  };
  const container = { run: () => Promise.resolve(command), signal } as unknown as Container;
  return { container, isOver: () => isOver };
}

for (const reads of [0, 1]) {
  Deno.test(`streamOperation() ends an operation whose reader stops after ${reads} reads`, async () => {
    const signals: string[] = [];
    const { container, isOver } = endlessContainer({
      signal: (name, pid) => Promise.resolve(signals.push(`${name} ${pid}`) > 0),
    });
    const ended = Promise.withResolvers<void>();
    const stream = await streamOperation(container, OPERATION, { onEnd: ended.resolve, readerTimeoutMs: 1 });
    const reader = stream.getReader();
    for (let read = 0; read < reads; read++) await reader.read();
    await ended.promise;
    assertEquals([signals, isOver()], [["SIGKILL -42"], true]);
    assertEquals((await assertRejects(() => reader.read(), CodeBeakerError)).code, "conflict");
  });
}

Deno.test("streamOperation() ends its operation also where nothing can be signalled", async () => {
  const { container } = endlessContainer({ signal: () => Promise.reject(new Error("The Engine is lost")) });
  const ended = Promise.withResolvers<void>();
  const stream = await streamOperation(container, OPERATION, { onEnd: ended.resolve });
  await assertRejects(() => stream.cancel(), Error, "The Engine is lost");
  await ended.promise;
});

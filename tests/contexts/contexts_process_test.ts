import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { Outcome, OutputChunk } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { create as createDenoRuntime } from "../../src/runtimes/deno/mod.ts";
import type { ExecutionEnvironment } from "../../src/runtimes/port.ts";
import { type ContextOptions, Contexts } from "../../src/contexts/contexts.ts";
import { configureEnvironment } from "../runtimes/checks/bench.ts";
import { isPresent, testedAvailability } from "../support/requirements.ts";
import { openRuntimeHost } from "../support/runtime_host.ts";

const host = await openRuntimeHost();
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());
const runtime = createDenoRuntime(host);

/** Memory that tells how often it was given back. */
class Memory implements Disposable {
  given = 0;

  [Symbol.dispose](): void {
    this.given++;
  }
}

function optionsOf(memory: Memory, parts: Partial<ContextOptions> = {}): ContextOptions {
  const limits = DEFAULT_LIMITS;
  return { language: "javascript", limits, lifetimeMs: 60_000, createdAt: 0, memory, ...parts };
}

async function withEnvironment(test: (environment: ExecutionEnvironment) => Promise<void>): Promise<void> {
  await using environment = await runtime.createEnvironment(configureEnvironment("javascript"));
  await test(environment);
}

/** An interpreter that ends at its first cell with code. With an outcome, it ends instead of starting. */
const mortal = (insteadOfStart?: Outcome): Pick<ExecutionEnvironment, "mainFile" | "run"> => ({
  mainFile: () => "main.js",
  run() {
    const output = new TransformStream<OutputChunk, OutputChunk>(undefined, undefined, { highWaterMark: 10 });
    const writer = output.writable.getWriter();
    const ended = Promise.withResolvers<Outcome>();
    const end = (outcome: Outcome) => {
      ended.resolve(outcome);
      writer.close().catch(() => {}); // Nobody reads it any more, or it has ended already.
    };
    return Promise.resolve({
      stdin: new WritableStream({
        write(bytes) {
          const { cell } = JSON.parse(new TextDecoder().decode(bytes));
          if (insteadOfStart !== undefined) return end(insteadOfStart);
          if (cell.code !== "") return end({ kind: "exited", exitCode: 7 });
          for (const stream of ["stdout", "stderr"] as const) {
            const said = `\0\x07\x02${cell.secret}{"kind":"done"}\n`;
            writer.write({ stream, bytes: new TextEncoder().encode(said) });
          }
        },
      }),
      output: output.readable,
      outcome: ended.promise,
      usage: () => ({ cpuMs: 0, peakMemoryBytes: null }),
      kill: (signal) => end({ kind: "signaled", signal }),
    });
  },
});

Deno.test("Contexts says why an interpreter did not start that printed nothing", async () => {
  await using contexts = new Contexts();
  const environment = mortal({ kind: "disk_limit", limitMb: 4, observedMb: 9 });
  const opening = contexts.open(environment, optionsOf(new Memory()));
  const error = await assertRejects(() => opening, CodeBeakerError, '{"kind":"disk_limit","limitMb":4,"observedMb":9}');
  assertEquals(error.code, "runtime_unavailable");
});

Deno.test("Contexts remembers the newest of those that are lost, and nothing but how they ended", async () => {
  await using contexts = new Contexts();
  const lost: string[] = [];
  for (let count = 0; count < 103; count++) {
    const { id } = await contexts.open(mortal(), optionsOf(new Memory()));
    await contexts.get(id).run({ code: "exit" }, { limits: DEFAULT_LIMITS });
    lost.push(id);
  }
  const codes = lost.map((id) => assertThrows(() => contexts.get(id), CodeBeakerError).code);
  assertEquals(codes, [...Array(3).fill("not_found"), ...Array(100).fill("conflict")]);
  assertEquals(contexts.count, 0);
});

if (isPresent("deno", await testedAvailability(runtime))) {
  Deno.test("Contexts gives the memory of each back once: at its end, and where none is opened", () =>
    withEnvironment(async (environment) => {
      await using contexts = new Contexts();
      const memory = new Memory();
      const refused = [{ language: "cobol" }, { signal: AbortSignal.abort() }];
      for (const parts of refused) {
        await assertRejects(() => contexts.open(environment, optionsOf(memory, parts)), Error);
      }
      assertEquals([memory.given, contexts.count], [2, 0]);
      const { id } = await contexts.open(environment, optionsOf(memory));
      assertEquals([memory.given, contexts.count], [2, 1]);
      await contexts.close(id);
      assertEquals([memory.given, contexts.count], [3, 0]);
    }));

  Deno.test("Contexts opens eight at the same time, and no more however many ask at once", () =>
    withEnvironment(async (environment) => {
      await using contexts = new Contexts();
      const memory = new Memory();
      const asked = await Promise.allSettled(
        Array.from({ length: 10 }, () => contexts.open(environment, optionsOf(memory))),
      );
      assertEquals(asked.filter(({ status }) => status === "rejected").length, 2);
      assertEquals([memory.given, contexts.count], [2, 8]);
    }));

  Deno.test("Contexts tells what a context used until it had started and behind its last cell, and remembers that it is lost", () =>
    withEnvironment(async (environment) => {
      await using contexts = new Contexts();
      const charged: (number | null)[] = [];
      const charge: ContextOptions["charge"] = ({ cpuMs }) => charged.push(cpuMs);
      const { id } = await contexts.open(environment, optionsOf(new Memory(), { charge }));
      const limits = { ...DEFAULT_LIMITS, cpuMs: 200 };
      await contexts.get(id).run({ code: "setTimeout(() => { for (;;); })" }, { limits });
      await contexts.get(id).ended;
      assertEquals([charged.length, (charged[0] ?? 0) > 0, (charged[1] ?? 0) >= 100], [2, true, true]);
      const error = assertThrows(() => contexts.get(id), CodeBeakerError, "cpu_limit");
      assertEquals([error.code, contexts.interrupt(id)], ["conflict", false]);
      await contexts.close(id);
      assertEquals(assertThrows(() => contexts.get(id), CodeBeakerError).code, "not_found");
    }));

  Deno.test("Contexts that were disposed of keep no context that comes late", () =>
    withEnvironment(async (environment) => {
      const contexts = new Contexts();
      const memory = new Memory();
      const opening = contexts.open(environment, optionsOf(memory));
      await contexts[Symbol.asyncDispose]();
      const error = await assertRejects(() => opening, CodeBeakerError);
      assertEquals([error.code, memory.given], ["conflict", 1]);
    }));
}

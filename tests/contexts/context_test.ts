import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { Outcome, OutputChunk, OutputStream } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits, MEBIBYTE } from "../../src/core/limits.ts";
import type { CellOrder, ProgramHandle } from "../../src/runtimes/port.ts";
import { Context } from "../../src/contexts/context.ts";

const INFO = { id: "ctx_1", language: "typescript", createdAt: "2026-01-01T00:00:00.000Z" };

/** What a fake interpreter does with a cell. */
type Script = (cell: CellOrder, fake: FakeInterpreter) => void;

/** A process that does what a test says. */
class FakeInterpreter {
  readonly messages: unknown[] = [];
  readonly #output = new TransformStream<OutputChunk, OutputChunk>(undefined, undefined, { highWaterMark: 100 });
  readonly #writer = this.#output.writable.getWriter();
  readonly #ended = Promise.withResolvers<Outcome>();
  cpuMs = 0;
  onInterrupt = () => {};
  /** How many cells are at work. */
  works = 0;
  readonly handle: ProgramHandle;

  /** Settles when nobody reads it any more. */
  get letGo(): Promise<void> {
    return this.#writer.closed.catch(() => {});
  }

  constructor(script: Script) {
    this.handle = {
      stdin: new WritableStream({
        write: (bytes) => {
          const message = JSON.parse(new TextDecoder().decode(bytes));
          this.messages.push(message.cell === undefined ? message : message.cell.code);
          if (message.cell !== undefined) script(message.cell, this);
          if (message.interrupt === true) this.onInterrupt();
        },
      }),
      output: this.#output.readable,
      outcome: this.#ended.promise,
      usage: () => ({ cpuMs: this.cpuMs, peakMemoryBytes: 1 }),
      beginWork: () => {
        this.works++;
        return { [Symbol.dispose]: () => void this.works-- };
      },
      kill: (signal) => this.end({ kind: "signaled", signal }),
    };
  }

  print(stream: OutputStream, content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.#writer.write({ stream, bytes }).catch(() => {}); // Nobody reads it any more.
  }

  /** Tells the end of a cell on both streams, and prints something behind it. */
  finish({ secret }: CellOrder, report: unknown, behind = ""): void {
    const told = typeof report === "string" ? report : JSON.stringify(report);
    this.print("stdout", `\0\x07\x02${secret}${told}\n${behind}`);
    this.print("stderr", `\0\x07\x02${secret}{}\n`);
  }

  end(outcome: Outcome): void {
    this.#ended.resolve(outcome);
    this.#writer.close().catch(() => {}); // It has ended already.
  }
}

function contextOf(script: Script): { context: Context; fake: FakeInterpreter } & AsyncDisposable {
  const fake = new FakeInterpreter(script);
  const context = new Context(INFO, fake.handle);
  return { context, fake, [Symbol.asyncDispose]: () => context.close() };
}

function limits(lower: Partial<Limits> = {}): { readonly limits: Limits } {
  return { limits: { ...DEFAULT_LIMITS, ...lower } };
}

Deno.test("Context: what is printed before the end is the cell's, and what comes behind it the next one's", async () => {
  await using opened = contextOf((cell, fake) => {
    fake.print("stdout", `${cell.code} `);
    fake.finish(cell, { kind: "done", value: fake.works, valueType: "json", displays: [] }, "behind ");
  });
  const first = await opened.context.run({ code: "a" }, limits());
  const second = await opened.context.run({ code: "b" }, limits());
  assertEquals([first.stdout, second.stdout], ["a ", "behind b "]);
  assertEquals([first.value, second.value], [1, 1]); // The first has ended its work.
  assertEquals([first.cell, second.cell], ["cell_0", "cell_1"]);
});

Deno.test("Context: displays come in order with the output of their cell, and stay in the answer", async () => {
  await using opened = contextOf((cell, fake) => {
    const display = (bundle: object) => `\0\x07\x02${cell.secret}${JSON.stringify(bundle)}\x04`;
    fake.print("stdout", `a${display({ "text/plain": "1" })}b${display({ "text/plain": "2" })}`);
    if (cell.code === "end") fake.finish(cell, { kind: "failed", error: { name: "E", message: "m", traceback: "t" } });
    else fake.end({ kind: "exited", exitCode: 1 });
  });
  const seen: unknown[] = [];
  const options = {
    ...limits(),
    onOutput: ({ bytes }: OutputChunk) => void seen.push(new TextDecoder().decode(bytes)),
    onDisplay: (bundle: unknown) => void seen.push(bundle),
  };
  const displays = [{ "text/plain": "1" }, { "text/plain": "2" }];
  const { error, ...first } = await opened.context.run({ code: "end" }, options);
  assertEquals([seen, first.displays], [["a", displays[0], "b", displays[1]], displays]);
  assertEquals([error, first.exitCode], [{ name: "E", message: "m", traceback: "t" }, 1]);
  const lost = await opened.context.run({ code: "lose" }, options);
  assertEquals([lost.contextLost, lost.stdout, lost.displays], [true, "ab", displays]);
});

Deno.test("Context: one that sends more displays than it may, or such as are none, is ended", async () => {
  for (const [told, kept] of [['{"a/b":1}\x04', 1_000], ["[]\x04", 0]] as const) {
    await using opened = contextOf(({ secret }, fake) => {
      for (let count = 0; count <= kept; count++) fake.print("stdout", `\0\x07\x02${secret}${told}`);
    });
    const { contextLost, displays, outcome } = await opened.context.run({ code: "" }, limits());
    assertEquals([contextLost, displays?.length, outcome.kind], [true, kept, "signaled"]);
  }
});

Deno.test("Context: half a character at the end of a cell is shown as such, and the rest belongs to the next", async () => {
  await using opened = contextOf((cell, fake) => {
    fake.print("stdout", cell.code === "first" ? new Uint8Array([0xe2, 0x82]) : new Uint8Array([0xac]));
    fake.finish(cell, { kind: "done" });
  });
  assertEquals((await opened.context.run({ code: "first" }, limits())).stdout, "�");
  assertEquals((await opened.context.run({ code: "second" }, limits())).stdout, "�");
});

Deno.test("Context: a report that is none, or never ends, ends the context and not the service", async () => {
  for (const report of ["", "{}", '{"kind":"done"', '{"kind":"won"}', "x".repeat(9_000_000)]) {
    await using opened = contextOf((cell, fake) => fake.finish(cell, report));
    const { contextLost, outcome } = await opened.context.run({ code: "" }, limits());
    assertEquals([contextLost, outcome], [true, { kind: "signaled", signal: "SIGKILL" }]);
    const error = await assertRejects(() => opened.context.run({ code: "" }, limits()), CodeBeakerError);
    assertEquals(error.code, "conflict");
  }
});

Deno.test("Context: one that tells its end on one stream and floods that is ended before more than 256 KiB is kept", async () => {
  for (const [pieces, isLost] of [[4, false], [5, true], [300, true]] as const) {
    for (const [early, late] of [["stdout", "stderr"], ["stderr", "stdout"]] as const) {
      await using opened = contextOf(({ code, secret }, fake) => {
        const end = `\0\x07\x02${secret}{"kind":"done"}\n`;
        fake.print(early, end);
        for (let count = 0; count < Number(code); count++) fake.print(early, new Uint8Array(65_536));
        fake.print(late, end);
      });
      const { contextLost = false, stderr, stdout } = await opened.context.run({ code: `${pieces}` }, limits());
      assertEquals([contextLost, stdout, stderr], [isLost, "", ""]);
      if (isLost) continue;
      const next = await opened.context.run({ code: "0" }, limits({ maxOutputBytes: 1_048_576 }));
      assertEquals(next[early].length, pieces * 65_536); // It belongs to the next cell.
    }
  }
});

Deno.test("Context: 160 that flood a stream which has ended their cell make the service hold less than 256 MB", async () => {
  await using stack = new AsyncDisposableStack();
  const piece = new Uint8Array(65_536); // The floods share it: what grows is what contexts keep.
  const before = Deno.memoryUsage().rss;
  for (let count = 0; count < 160; count++) {
    const { context } = stack.use(contextOf(({ code, secret }, fake) => {
      const end = `\0\x07\x02${secret}{"kind":"done"}\n`;
      fake.print("stdout", end);
      for (let printed = 0; printed < Number(code); printed++) fake.print("stdout", piece);
      fake.print("stderr", end);
    }));
    await context.run({ code: count % 2 === 0 ? "4" : "112" }, limits()); // 256 KiB, or 7 MiB.
  }
  assert(Deno.memoryUsage().rss - before < 256 * MEBIBYTE);
});

Deno.test("Context: a process that ends takes its cell along, with what was printed", async () => {
  await using opened = contextOf((_, fake) => {
    fake.print("stdout", "last words\0\x07");
    fake.end({ kind: "memory_limit", limitMb: 1, observedMb: 2 });
  });
  const { contextLost, outcome, stdout } = await opened.context.run({ code: "" }, limits());
  assertEquals([contextLost, outcome.kind, stdout], [true, "memory_limit", "last words\0\x07"]);
  assertEquals(opened.context.isLost, true);
});

Deno.test("Context: a cell that prints too much ends the context, and no more than the bound is kept", async () => {
  await using opened = contextOf((_, fake) => {
    for (let line = 0; line < 50; line++) fake.print("stderr", "0123456789");
  });
  const { contextLost, outcome, stderr } = await opened.context.run({ code: "" }, limits({ maxTotalOutputBytes: 25 }));
  assertEquals([contextLost, outcome, stderr.length], [
    true,
    { kind: "output_limit", limitBytes: 25, observedBytes: 30 },
    25,
  ]);
});

Deno.test("Context: an interrupt asks the interpreter first, and takes a context that does not answer", async () => {
  await using polite = contextOf((cell, fake) => {
    if (cell.code === "wait") fake.print("stdout", "waiting");
    else fake.finish(cell, { kind: "done" });
  });
  assertEquals(polite.context.interrupt(), false);
  const leaving = new AbortController();
  const waiting = polite.context.run({ code: "wait" }, {
    ...limits({ timeoutMs: 60_000 }),
    signal: leaving.signal,
    onOutput: () => leaving.abort(),
  });
  const { contextLost, outcome } = await waiting;
  assertEquals([contextLost, outcome, polite.fake.messages], [true, { kind: "cancelled" }, ["wait", {
    interrupt: true,
  }]]);
});

Deno.test("Context: CPU time counts cell by cell, and what is used between two ends the context too", async () => {
  await using opened = contextOf((cell, fake) => {
    fake.cpuMs += 40;
    fake.finish(cell, { kind: "done" });
  });
  const bounded = limits({ cpuMs: 100 });
  for (let cell = 0; cell < 5; cell++) {
    const { usage } = await opened.context.run({ code: "" }, bounded);
    assertEquals(usage.cpuMs, 40);
  }
  opened.fake.cpuMs += 200;
  await opened.context.ended;
  const error = await assertRejects(() => opened.context.run({ code: "" }, bounded), CodeBeakerError, "cpu_limit");
  assertEquals(error.code, "conflict");
});

Deno.test("Context: a cell beyond its CPU time is interrupted and keeps its state, and one that goes on loses it", async () => {
  await using opened = contextOf((cell, fake) => {
    fake.cpuMs += 200;
    if (cell.code === "ends") fake.onInterrupt = () => fake.finish(cell, { kind: "interrupted" });
  });
  const first = await opened.context.run({ code: "ends" }, limits({ cpuMs: 100 }));
  assertEquals([first.outcome, first.contextLost], [{ kind: "cpu_limit", limitMs: 100, observedMs: 200 }, undefined]);
  const second = await opened.context.run({ code: "goes on" }, limits({ cpuMs: 100 }));
  assertEquals([second.outcome.kind, second.contextLost], ["cpu_limit", true]);
});

Deno.test("Context: stdin is for interpreters that read it, and a question that is none ends the context", async () => {
  await using opened = contextOf((cell, fake) => {
    if (cell.code === "reads") return fake.finish(cell, { kind: "done", readsStdin: true });
    if (cell.code === "asks") return fake.print("stdout", `\0\x07\x02${cell.secret}{"id":1,"kind":"money"}\x05`);
    fake.finish(cell, { kind: "done" });
  });
  await opened.context.run({ code: "" }, limits());
  assertThrows(() => opened.context.checkStdin("text"), CodeBeakerError, "read no stdin");
  await opened.context.run({ code: "reads" }, limits());
  opened.context.checkStdin("text");
  assertEquals((await opened.context.run({ code: "asks" }, limits())).contextLost, true);
});

Deno.test("Context: CPU time that is told only to who looks is looked at when a cell ends, and bounds it", async () => {
  await using opened = contextOf((cell, fake) => {
    fake.handle.sample = () => Promise.resolve(fake.cpuMs += 60);
    fake.finish(cell, { kind: "done" });
  });
  const first = await opened.context.run({ code: "" }, limits({ cpuMs: 100 }));
  assertEquals([first.usage.cpuMs, first.contextLost], [60, undefined]);
  const second = await opened.context.run({ code: "" }, limits({ cpuMs: 50 }));
  assertEquals([second.outcome, second.contextLost], [{ kind: "cpu_limit", limitMs: 50, observedMs: 60 }, undefined]);
});

Deno.test("Context: a cell that says after its deadline that it is done has timed out, and keeps its state", async () => {
  await using opened = contextOf((cell, fake) => {
    if (cell.code === "late") setTimeout(() => fake.finish(cell, { kind: "done" }), 30);
    else fake.finish(cell, { kind: "done" });
  });
  const { contextLost, outcome } = await opened.context.run({ code: "late" }, limits({ timeoutMs: 1 }));
  assertEquals([contextLost, outcome], [undefined, { kind: "timed_out", limitMs: 1 }]);
  assertEquals((await opened.context.run({ code: "" }, limits())).exitCode, 0);
});

Deno.test("Context: nobody who reads slowly holds up a cell whose context is closed", async () => {
  const opened = contextOf((_, fake) => fake.print("stdout", "read me"));
  const reading = Promise.withResolvers<void>();
  const running = opened.context.run({ code: "" }, {
    ...limits({ timeoutMs: 60_000 }),
    onOutput: () => {
      reading.resolve();
      return new Promise(() => {});
    },
  });
  await reading.promise;
  await opened.context.close();
  assertEquals((await running).outcome, { kind: "cancelled" });
});

Deno.test("Context: one that is lost between two cells reads no more of what its process left", async () => {
  await using opened = contextOf((cell, fake) => fake.finish(cell, { kind: "done" }, "behind"));
  await opened.context.run({ code: "" }, limits());
  opened.fake.print("stdout", "more");
  opened.fake.end({ kind: "exited", exitCode: 0 });
  await opened.fake.letGo;
  assertEquals(opened.context.isLost, true);
});

Deno.test("Context: an empty display on stderr marks the text of the cell's error, which stays in its stderr", async () => {
  await using opened = contextOf((cell, fake) => {
    fake.print("stderr", `before \0\x07\x02${cell.secret}{}\x04error`);
    fake.finish(cell, { kind: "failed", error: { name: "E", message: "m", traceback: "error" } });
  });
  const seen: unknown[] = [];
  const onOutput = ({ bytes, isOfError }: OutputChunk) => void seen.push([new TextDecoder().decode(bytes), isOfError]);
  const { displays, stderr } = await opened.context.run({ code: "" }, { ...limits(), onOutput });
  assertEquals([seen, stderr, displays], [[["before ", undefined], ["error", true]], "before error", []]);
});

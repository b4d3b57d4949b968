import { assertEquals, assertMatch } from "@std/assert";
import type { Availability } from "../../../src/core/capabilities.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { ENVIRONMENTS } from "../../../src/runtimes/docker/environments.ts";
import type { ProgramHandle } from "../../../src/runtimes/runtime.ts";
import { Context } from "../../../src/sessions/context.ts";
import { mergeOutput } from "../../../src/system/merge_output.ts";
import { pipeSource } from "../../../src/system/child_output.ts";
import { isPresent } from "../../support/requirements.ts";
import { TextLineStream } from "../../support/text_lines.ts";

const INFO = { id: "ctx_1", language: "python", createdAt: "2026-01-01T00:00:00.000Z" };

/** The interpreter as a bare process of this machine, which only this file's own code runs in. */
async function withContext(test: (run: (code: string) => ReturnType<Context["run"]>) => Promise<void>): Promise<void> {
  const [command = "", ...args] = ENVIRONMENTS["python"]?.interpreter ?? [];
  const process = new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const outcome: ProgramHandle["outcome"] = process.status.then(({ code, signal }) =>
    signal === null ? { kind: "exited", exitCode: code } : { kind: "signaled", signal }
  );
  const context = new Context(INFO, {
    stdin: process.stdin,
    output: mergeOutput([pipeSource("stdout", process.stdout), pipeSource("stderr", process.stderr)], outcome),
    outcome,
    usage: () => ({ cpuMs: null, peakMemoryBytes: null }),
    kill(signal) {
      try {
        process.kill(signal);
      } catch {
        // It has ended already.
      }
    },
  });
  await context.run({ code: "" }, { limits: DEFAULT_LIMITS });
  try {
    await test((code) => context.run({ code }, { limits: { ...DEFAULT_LIMITS, timeoutMs: 2_000 } }));
  } finally {
    await context.close();
  }
}

if (isPresent("python3", await availability())) {
  Deno.test("[interpreter.py] JSON is what JSON carries whole; everything else is a bundle", () =>
    withContext(async (run) => {
      const values = ["1", "1.5", "'text'", "True", "[1, [None]]", "{'a': {'b': []}}"];
      for (const code of values) assertEquals((await run(code)).valueType, "json");
      const others = ["2**53", "float('nan')", "(1,)", "{1: 2}", "'\\ud800'", "b'x'", "object"];
      for (const code of others) assertEquals([code, (await run(code)).valueType], [code, "mime"]);
      assertEquals(["value" in await run("None"), "value" in await run("x = 1"), "value" in await run("")], [
        false,
        false,
        false,
      ]);
      assertEquals((await run("deep = []\nfor _ in range(10000): deep = [deep]\ndeep")).valueType, "mime");
      assertEquals((await run("cycle = []\ncycle.append(cycle)\ncycle")).value, { "text/plain": "[[...]]" });
    }));

  Deno.test("[interpreter.py] a value is no longer than it may be, and one that cannot be shown is told so", () =>
    withContext(async (run) => {
      const { value } = await run("'x' * 10_000_000");
      assertMatch(JSON.stringify(value), /^\{"text\/plain":"'x+…"\}$/);
      assertEquals((await run("list(range(30000))")).valueType, "mime");
      const many = await run("for _ in range(3000): display('x' * 3000)");
      assertEquals([many.displays?.length, many.displaysOmitted], [1000, 2000]);
      const bad =
        "class Bad:\n  def __repr__(self): raise ValueError\n  def _repr_html_(self): raise ValueError('html')\nBad()";
      const shown = await run(bad);
      assertEquals(shown.value, { "text/plain": "[a value that cannot be shown: ValueError]" });
      assertMatch(shown.stderr, /ValueError: html\n$/);
      assertMatch((await run("display('text', raw=True)")).stderr, /TypeError: Cannot display a value/);
    }));

  Deno.test("[interpreter.py] a traceback holds the frames of the program alone", () =>
    withContext(async (run) => {
      const { stderr } = await run("try:\n  1 / 0\nexcept Exception as error:\n  raise ValueError('again') from error");
      assertEquals(stderr.match(/File "[^"]*", line \d+/g), ['File "cell_1", line 2', 'File "cell_1", line 4']);
      const interrupted = await run("while True: pass");
      assertEquals(interrupted.outcome.kind, "timed_out");
      assertEquals(interrupted.stderr.match(/File "[^"]*"/g), ['File "cell_2"']);
    }));

  Deno.test("[interpreter.py] an interrupt right behind its cell ends that cell, and no other", async () => {
    const [command = "", ...args] = ENVIRONMENTS["python"]?.interpreter ?? [];
    const process = new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
    const writer = process.stdin.getWriter();
    const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).getReader();
    const tell = (...messages: object[]) =>
      writer.write(new TextEncoder().encode(messages.map((message) => `${JSON.stringify(message)}\n`).join("")));
    const kind = async () => JSON.parse((await lines.read()).value?.split("|")[1] ?? "null")?.kind;
    for (let count = 0; count < 50; count++) {
      const cell = { name: "cell", language: "python", timeoutMs: 60_000, maxResultBytes: 10_000, secret: "|" };
      await tell({ cell: { ...cell, code: "while True: pass" } }, { interrupt: true });
      assertEquals(await kind(), "interrupted");
      await tell({ interrupt: true }, { cell: { ...cell, code: "1" } });
      assertEquals(await kind(), "done");
      await tell({ cell: { ...cell, code: "1" } }, { interrupt: true }, { interrupt: true });
      assertMatch(await kind(), /^(done|interrupted)$/);
    }
    await writer.close();
    assertEquals([(await lines.read()).done, (await process.status).code], [true, 0]);
  });

  Deno.test("[interpreter.py] a program that takes the interpreter's means away loses its context at most", async () => {
    for (
      const code of ["import os; os.closerange(0, 64)", "import os; os.kill(os.getpid(), 9)", "import os; os._exit(7)"]
    ) {
      await withContext(async (run) => assertEquals((await run(code)).contextLost, true));
    }
    await withContext(async (run) => {
      for (
        const code of [
          "import sys; sys.stdout = sys.stderr = None",
          "import json; json.dumps = None; json.loads = 1",
          "1",
        ]
      ) {
        assertEquals([code, (await run(code)).outcome.kind], [code, "exited"]);
      }
    });
  });
}

async function availability(): Promise<Availability> {
  try {
    await new Deno.Command("python3", { args: ["-c", "import select"], stdout: "null", stderr: "null" }).output();
    return { available: true };
  } catch {
    return { available: false, reason: "python3 is not installed" };
  }
}

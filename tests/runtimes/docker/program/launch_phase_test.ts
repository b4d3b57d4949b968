import { assertEquals, assertRejects } from "@std/assert";
import type { OutputChunk, OutputStream } from "../../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../../src/core/limits.ts";
import { awaitReady, type Launch, numberOf } from "../../../../src/runtimes/docker/program/launch_phase.ts";
import type { LauncherEvent } from "../../../../src/runtimes/docker/program/launcher_output.ts";
import { generate } from "../engine/frames.ts";

type Item = OutputChunk | LauncherEvent;

function output(stream: OutputStream, text: string): OutputChunk {
  return { stream, bytes: new TextEncoder().encode(text) };
}

function report(stream: OutputStream, words: string): LauncherEvent {
  return { stream, words: words.split(" ") };
}

interface Launched {
  readonly launch: Launch;
  /** What the observer was told, in order. */
  readonly observed: readonly string[];
  /** What had not been read when the program could begin. */
  readonly left: readonly Item[];
}

async function launch(
  items: readonly Item[],
  { compiles = false, limits = DEFAULT_LIMITS, onOutput = () => {} }: {
    readonly compiles?: boolean;
    readonly limits?: Limits;
    readonly onOutput?: (bytes: number) => void;
  } = {},
): Promise<Launched> {
  const observed: string[] = [];
  const source = generate(items);
  const launch = await awaitReady(source, {
    limits,
    compiles,
    observer: {
      onLaunched: (pid) => observed.push(`launched ${pid}`),
      onUnpacked: () => observed.push("unpacked"),
      onCompiled() {
        observed.push("compiled");
        return Promise.resolve();
      },
      onOutput,
    },
  });
  return { launch, observed, left: await Array.fromAsync(source) };
}

Deno.test("awaitReady() returns when the program may begin, and leaves its later output unread", async () => {
  const rest = [output("stdout", "hello"), report("stderr", "ended 0 0 0 0 - - 3")];
  assertEquals(await launch([report("stderr", "launched 7"), report("stderr", "ready 1234567"), ...rest]), {
    launch: { kind: "ready", cpuNs: 1_234_567, first: [] },
    observed: ["launched 7"],
    left: rest,
  });
  const { launch: unknown } = await launch([report("stderr", "ready -")]);
  assertEquals(unknown, { kind: "ready", cpuNs: null, first: [] });
});

Deno.test("awaitReady() keeps the program's output on stdout that came before the report on stderr", async () => {
  const early = [output("stdout", "one"), output("stdout", "two")];
  const { launch: plain } = await launch([report("stderr", "launched 7"), ...early, report("stderr", "ready 5")]);
  assertEquals(plain, { kind: "ready", cpuNs: 5, first: early });
  const { launch: compiled } = await launch([
    output("stdout", "compiling"),
    report("stdout", "compiled 0 0 0 0 0 0 0 7000000"),
    early[0] ?? output("stdout", ""),
    report("stderr", "compiled 0 0 0 0 0 0 0 7000000"),
    early[1] ?? output("stdout", ""),
    report("stderr", "ready 5"),
  ], { compiles: true });
  const compile = { outcome: { kind: "exited", exitCode: 0 }, stdout: "compiling", stderr: "", cpuMs: 7 } as const;
  assertEquals(compiled, { kind: "ready", cpuNs: 5, compile, first: early });
});

Deno.test("awaitReady() waits for the compiler on both streams, whichever is first", async () => {
  const ends = {
    stdout: [output("stdout", "out\n"), report("stdout", "compiled 0 0 0 0 0 0 0 -")],
    stderr: [output("stderr", "a warning\n"), report("stderr", "compiled 0 0 0 0 0 0 0 -")],
  };
  for (const order of [[ends.stdout, ends.stderr], [ends.stderr, ends.stdout]]) {
    const items = [
      report("stderr", "launched 7"),
      report("stderr", "unpacked 0"),
      ...order.flat(),
      report("stderr", "ready 9"),
    ];
    assertEquals(await launch(items, { compiles: true }), {
      launch: {
        kind: "ready",
        cpuNs: 9,
        compile: { outcome: { kind: "exited", exitCode: 0 }, stdout: "out\n", stderr: "a warning\n", cpuMs: null },
        first: [],
      },
      observed: ["launched 7", "unpacked", "compiled"],
      left: [],
    });
  }
  const { launch: half, observed } = await launch([report("stderr", "compiled 0 0 0 0 0 0 0 -")], { compiles: true });
  assertEquals([half.kind, observed], ["ended", []]);
});

Deno.test("awaitReady() reports a failed compiler with its outcome and its output", async () => {
  const memory = { kind: "memory_limit", limitMb: 256, observedMb: 256 } as const;
  const disk = { kind: "disk_limit", limitMb: 64, observedMb: 64 } as const;
  const table = [
    ["1 0 0 0 0 0 0", { kind: "exited", exitCode: 1 }],
    ["137 1 0 0 0 0 0", { kind: "signaled", signal: "SIGKILL" }],
    ["137 1 1 0 0 0 0", memory],
    ["2 0 0 0 1 0 0", disk],
    ["2 0 0 1 0 0 0", { kind: "process_limit", limit: 64, observed: 65 }],
  ] as const;
  for (const [ending, outcome] of table) {
    const items = [
      output("stderr", "main.go:1: oh\n"),
      output("stdout", "# main\n"),
      report("stderr", `compiled ${ending}`),
      report("stdout", `compiled ${ending}`),
    ];
    assertEquals(await launch(items, { compiles: true }), {
      launch: {
        kind: "not_compiled",
        compile: { outcome, stdout: "# main\n", stderr: "main.go:1: oh\n", cpuMs: null },
      },
      observed: [],
      left: [],
    }, ending);
  }
});

Deno.test("awaitReady() keeps no more of the compiler's output than of a program's, and counts what it leaves out", async () => {
  const { launch: failed } = await launch([
    output("stdout", "abcdefgh"),
    output("stderr", "12345678"),
    report("stdout", "compiled 1 0 0 0 0 0 0"),
    report("stderr", "compiled 1 0 0 0 0 0 0"),
  ], { compiles: true, limits: { ...DEFAULT_LIMITS, maxOutputBytes: 4 } });
  const outcome = { kind: "exited", exitCode: 1 } as const;
  const kept = { stdout: "abgh", stderr: "1278" };
  assertEquals(failed, {
    kind: "not_compiled",
    compile: { ...kept, outcome, truncated: { stdout: 4, stderr: 4 }, cpuMs: null },
  });
});

Deno.test("awaitReady() distinguishes files without room from files that cannot be unpacked", async () => {
  for (const status of ["1", "2", "141", ""]) {
    const full = await launch([report("stderr", `unpacked ${status} 1`), report("stderr", "ready 1")]);
    assertEquals(full.launch, { kind: "not_unpacked" });
    const broken = await launch([report("stderr", `unpacked ${status} 0`), report("stderr", "ready 1")]);
    assertEquals(broken.launch, { kind: "ended", output: "the files cannot be unpacked" });
  }
});

Deno.test("awaitReady() gives the output of a launcher that ended, 500 bytes at most", async () => {
  assertEquals((await launch([])).launch, { kind: "ended", output: "" });
  const words = await launch([
    report("stderr", "launched 1"),
    output("stderr", "sh: 3: cd: "),
    output("stderr", "no such\n"),
  ]);
  assertEquals(words.launch, { kind: "ended", output: "sh: 3: cd: no such" });
  const { launch: long } = await launch([output("stdout", "x".repeat(5_000))]);
  assertEquals(long, { kind: "ended", output: "x".repeat(500) });
});

Deno.test("awaitReady() rejects when the Engine is lost, while it reads or after the compiler", async () => {
  const observer = {
    onLaunched: () => {},
    onUnpacked: () => {},
    onCompiled: () => Promise.reject(new Error("lost when compiled")),
    onOutput: () => {},
  };
  async function* broken(): AsyncGenerator<Item> {
    yield await Promise.resolve(report("stderr", "launched 1"));
    throw new Error("lost");
  }
  const options = { limits: DEFAULT_LIMITS, compiles: true, observer };
  await assertRejects(() => awaitReady(broken(), options), Error, "lost");
  const compiled = [
    report("stdout", "compiled 0 0 0 0 0 0 0"),
    report("stderr", "compiled 0 0 0 0 0 0 0"),
    report("stderr", "ready 1"),
  ];
  await assertRejects(() => awaitReady(generate<Item>(compiled), options), Error, "lost when compiled");
});

Deno.test("awaitReady() counts all output before the program has begun", async () => {
  const items = [
    output("stdout", "compiler"),
    report("stderr", "compiled x 0 0 0 0 0 0"), // No launcher says that.
    report("stdout", "compiled 0 0 0 0 0 0 0"),
    report("stderr", "compiled 0 0 0 0 0 0 0"),
    output("stdout", "program"),
    report("stderr", "ready 1"),
    output("stdout", "not yet read"),
  ];
  let printed = 0;
  const { launch: ready } = await launch(items, { compiles: true, onOutput: (bytes) => printed += bytes });
  assertEquals([ready.kind, printed], ["ready", "compilerprogram".length]);
});

Deno.test("numberOf() reads digits alone", () => {
  const table: [string | undefined, number | null][] = [
    ["0", 0],
    ["123456789012", 123_456_789_012],
    ["-", null],
    ["", null],
    [undefined, null],
    ["-1", null],
    ["1.5", null],
    ["max", null],
    [" 1", null],
  ];
  for (const [word, number] of table) assertEquals(numberOf(word), number);
});

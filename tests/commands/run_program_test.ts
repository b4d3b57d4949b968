import { assert, assertEquals, assertRejects } from "@std/assert";
import { runProgram, type RunProgramOptions } from "../../src/commands/mod.ts";
import { CodeBeakerError } from "../../src/core/errors.ts";
import type { Outcome, OutputChunk, ProgramResult } from "../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { NO_PERMISSIONS } from "../../src/core/permissions/permissions.ts";
import type { Program, ProgramHandle } from "../../src/runtimes/port.ts";
import { chunkOf, echoProgram, FakeEnvironment, fakeProgram } from "../support/fake_environment.ts";

const PROGRAM: Program = { kind: "file", path: "main.ts", args: ["a"] };

/** What `runProgram` tells of a program that a test made. */
async function run(
  start: () => Promise<ProgramHandle> | ProgramHandle,
  options: Partial<RunProgramOptions> = {},
): Promise<ProgramResult> {
  await using environment = await FakeEnvironment.create(start);
  return await runProgram(environment, PROGRAM, { limits: DEFAULT_LIMITS, ...options });
}

function printing(...chunks: readonly OutputChunk[]): () => ProgramHandle {
  return () => fakeProgram({ output: ReadableStream.from(chunks) });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("runProgram hands the environment the program, env, limits, signal and that stdin has a text, and nothing that was not given", async () => {
  await using environment = await FakeEnvironment.create();
  const limits = { ...DEFAULT_LIMITS, memoryMb: 99 };
  const { signal } = new AbortController();
  await runProgram(environment, PROGRAM, { limits });
  await runProgram(environment, PROGRAM, { limits, env: { A: "1" }, signal });
  await runProgram(environment, PROGRAM, { limits, stdin: "text" });
  assertEquals(environment.runs.map(({ program }) => program), [PROGRAM, PROGRAM, PROGRAM]);
  assertEquals(environment.runs[0]?.options, { env: {}, limits });
  assertEquals(environment.runs[1]?.options, { env: { A: "1" }, limits, signal });
  assert(environment.runs[1]?.options.signal === signal);
  assertEquals(environment.runs[2]?.options, { env: {}, limits, hasStdin: true });
});

Deno.test("runProgram passes on why a program could not be started", async () => {
  const start = () => Promise.reject(new CodeBeakerError("runtime_unavailable", "it broke"));
  const error = await assertRejects(() => run(start), CodeBeakerError);
  assertEquals([error.code, error.message], ["runtime_unavailable", "it broke"]);
});

Deno.test("runProgram feeds stdin and closes it, a text or a stream, an empty one too", async () => {
  const text = "grüße\n".repeat(50_000);
  assertEquals((await run(echoProgram, { stdin: text })).stdout, text);
  const stream = ReadableStream.from([1, 2, 3].map((part) => new TextEncoder().encode(`part ${part}\n`)));
  assertEquals((await run(echoProgram, { stdin: stream })).stdout, "part 1\npart 2\npart 3\n");
  assertEquals((await run(echoProgram, { stdin: "" })).stdout, "");
  assertEquals((await run(echoProgram)).stdout, "");
});

Deno.test("runProgram waits for no program that does not read its stdin, and stops asking for more of it", async () => {
  let isCancelled = false;
  const stdin = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
    cancel: () => {
      isCancelled = true;
    },
  });
  const start = () => {
    const ended = sleep(10);
    return fakeProgram({
      stdin: new WritableStream({ write: () => ended.then(() => Promise.reject(new Error("EPIPE"))) }),
      output: ReadableStream.from([chunkOf("stdout", "hello")]),
      outcome: ended.then(() => ({ kind: "exited", exitCode: 0 })),
    });
  };
  assertEquals((await run(start, { stdin: "x".repeat(5_000_000) })).stdout, "hello");
  assertEquals([(await run(start, { stdin })).stdout, isCancelled], ["hello", true]);
});

Deno.test("runProgram waits for no stdin that never comes once the program has ended, and lets go of it", async () => {
  let isCancelled = false;
  const stdin = new ReadableStream<Uint8Array>({
    cancel: () => {
      isCancelled = true;
    },
  });
  const { exitCode } = await run(() => fakeProgram(), { stdin });
  assertEquals([exitCode, isCancelled], [0, true]);
});

Deno.test("runProgram is not hindered by a program that closes its stdin", async () => {
  const start = () =>
    fakeProgram({
      stdin: new WritableStream({ write: () => Promise.reject(new Error("EPIPE")) }),
      output: ReadableStream.from([chunkOf("stdout", "hello")]),
    });
  const { stdout, exitCode } = await run(start, { stdin: "ignored" });
  assertEquals([stdout, exitCode], ["hello", 0]);
});

Deno.test("runProgram shows onOutput every chunk as it came, in order", async () => {
  const chunks = [chunkOf("stdout", "a"), chunkOf("stderr", "b"), chunkOf("stdout", "c")];
  const seen: OutputChunk[] = [];
  const { stdout, stderr } = await run(printing(...chunks), { onOutput: (chunk) => void seen.push(chunk) });
  assertEquals([seen, stdout, stderr], [chunks, "ac", "b"]);
});

Deno.test("runProgram takes no further output until onOutput returns", async () => {
  let taken = 0;
  const output = () =>
    new ReadableStream<OutputChunk>({
      pull: (controller) => taken++ < 3 ? controller.enqueue(chunkOf("stdout", `${taken}`)) : controller.close(),
    }, { highWaterMark: 0 });
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
  let seen = 0;
  const running = run(() => fakeProgram({ output: output() }), { onOutput: () => gates[seen++]?.promise });
  for (const [index, gate] of gates.entries()) {
    while (seen <= index) await sleep(1);
    await sleep(10);
    assertEquals([taken, seen], [index + 1, index + 1]);
    gate.resolve();
  }
  assertEquals((await running).stdout, "123");
});

Deno.test("runProgram fails with onOutput, and lets go of the output", async () => {
  let [isCancelled, left] = [false, 9];
  const output = () =>
    new ReadableStream<OutputChunk>({
      pull: (controller) => left-- > 0 ? controller.enqueue(chunkOf("stdout", "x")) : controller.close(),
      cancel: () => {
        isCancelled = true;
      },
    });
  const onOutput = () => Promise.reject(new Error("the client went away"));
  await assertRejects(() => run(() => fakeProgram({ output: output() }), { onOutput }), Error, "the client went away");
  assertEquals(isCancelled, true);
});

Deno.test("runProgram keeps head and tail of each stream, counts what is left out, and shows all of it", async () => {
  let shown = 0;
  const chunks = [
    ...[chunkOf("stdout", "abcd"), chunkOf("stderr", "1234"), chunkOf("stdout", "efgh")],
    ...[chunkOf("stderr", "56"), chunkOf("stdout", "ij")],
  ];
  const { stdout, stderr, truncated, truncatedAt } = await run(printing(...chunks), {
    limits: { ...DEFAULT_LIMITS, maxOutputBytes: 6 },
    onOutput: ({ bytes }) => {
      shown += bytes.length;
    },
  });
  assertEquals({ stdout, stderr, truncated, truncatedAt, shown }, {
    stdout: "abchij",
    stderr: "123456",
    truncated: { stdout: 4, stderr: 0 },
    truncatedAt: { stdout: 3 },
    shown: 16,
  });
});

Deno.test("runProgram counts what is left out of stderr, and keeps nothing where nothing may be kept", async () => {
  const { stdout, stderr, truncated } = await run(printing(chunkOf("stdout", "abc"), chunkOf("stderr", "de")), {
    limits: { ...DEFAULT_LIMITS, maxOutputBytes: 0 },
  });
  assertEquals({ stdout, stderr, truncated }, { stdout: "", stderr: "", truncated: { stdout: 3, stderr: 2 } });
});

Deno.test("runProgram joins a character that two chunks divide", async () => {
  const [first, second] = [Uint8Array.of(0xc3), Uint8Array.of(0xbc)];
  const chunks = [first, second].map((bytes): OutputChunk => ({ stream: "stdout", bytes }));
  assertEquals((await run(printing(...chunks))).stdout, "ü");
});

Deno.test("runProgram tells an exit code for a program that exited and null for every other end", async () => {
  const table: [Outcome, number | null][] = [
    [{ kind: "exited", exitCode: 0 }, 0],
    [{ kind: "exited", exitCode: 137 }, 137],
    [{ kind: "signaled", signal: "SIGKILL" }, null],
    [{ kind: "timed_out", limitMs: 1 }, null],
    [{ kind: "cpu_limit", limitMs: 1, observedMs: 2 }, null],
    [{ kind: "memory_limit", limitMb: 1, observedMb: 2 }, null],
    [{ kind: "output_limit", limitBytes: 1, observedBytes: 2 }, null],
    [{ kind: "disk_limit", limitMb: 1, observedMb: 2 }, null],
    [{ kind: "cancelled" }, null],
    [{ kind: "interrupted", reason: "gone" }, null],
  ];
  for (const [outcome, exitCode] of table) {
    const start = () =>
      fakeProgram({ outcome: Promise.resolve(outcome), output: ReadableStream.from([chunkOf("stdout", "kept")]) });
    const result = await run(start);
    assertEquals([result.outcome, result.exitCode, result.stdout], [outcome, exitCode, "kept"]);
  }
});

Deno.test("runProgram answers when the program has ended, though its output ended before", async () => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let isAnswered = false;
  const running = run(() => fakeProgram({ outcome: promise })).finally(() => {
    isAnswered = true;
  });
  await sleep(20);
  assertEquals(isAnswered, false);
  resolve({ kind: "signaled", signal: "SIGTERM" });
  assertEquals((await running).outcome, { kind: "signaled", signal: "SIGTERM" });
});

Deno.test("runProgram asks what was used when the program has ended", async () => {
  let cpuMs = 0;
  const outcome = sleep(5).then((): Outcome => {
    cpuMs = 7;
    return { kind: "exited", exitCode: 0 };
  });
  const { usage } = await run(() => fakeProgram({ outcome, usage: () => ({ cpuMs, peakMemoryBytes: 8 }) }));
  assertEquals(Object.keys(usage).toSorted(), ["cpuMs", "peakMemoryBytes", "startupMs", "wallMs"]);
  assertEquals([usage.cpuMs, usage.peakMemoryBytes], [7, 8]);
  const unknown = (await run(() => fakeProgram())).usage;
  assertEquals([unknown.cpuMs, unknown.peakMemoryBytes], [null, null]);
});

/** The largest error of a rounded time, in ms. */
const ROUNDED = 0.01;

Deno.test("runProgram counts startupMs from askedAt, or else from its call, until the program may begin", async () => {
  for (const before of [0, 1_000]) {
    let [beganAt, endedAt] = [0, 0];
    const start = async () => {
      await sleep(50);
      const outcome = sleep(50).then((): Outcome => {
        endedAt = performance.now();
        return { kind: "exited", exitCode: 0 };
      });
      beganAt = performance.now();
      return fakeProgram({ outcome });
    };
    const askedAt = performance.now() - before;
    const { usage } = await run(start, before === 0 ? {} : { askedAt });
    assert(usage.startupMs >= before + 45 && usage.startupMs < endedAt - askedAt, `start-up ${usage.startupMs}`);
    assert(usage.wallMs >= 45 && usage.wallMs <= performance.now() - beganAt + ROUNDED, `wall ${usage.wallMs}`);
  }
});

Deno.test("runProgram counts wallMs from the start to the end of the program, not of who reads its output", async () => {
  let [beganAt, readAt] = [0, 0];
  const start = () => {
    beganAt = performance.now();
    return fakeProgram({
      outcome: sleep(50).then(() => ({ kind: "exited", exitCode: 0 })),
      output: ReadableStream.from([chunkOf("stdout", "x")]),
    });
  };
  const onOutput = async () => {
    await sleep(200);
    readAt = performance.now();
  };
  const { usage } = await run(start, { onOutput });
  assert(usage.wallMs >= 45 && usage.wallMs < readAt - beganAt, `wall ${usage.wallMs}`);
});

Deno.test("runProgram answers at the program's end though a write to its stdin never settles", async () => {
  const stuck = () => fakeProgram({ stdin: new WritableStream({ write: () => new Promise(() => {}) }) });
  assertEquals((await run(stuck, { stdin: "never taken" })).exitCode, 0);
});

Deno.test("runProgram tells what its program was refused when that has ended, judged by the bounds it is given", async () => {
  const denial = { kind: "read", target: "/data/x", rule: "a rule", grant: { allowRead: ["/data/x"] } } as const;
  const refused = () => {
    const program = fakeProgram();
    return { ...program, denials: () => ({ permissions: NO_PERMISSIONS, denials: [denial] }) };
  };
  const { denials } = await run(refused);
  assertEquals(denials[0]?.remedy, { permissions: { allowRead: ["/data/x"] } });
  const bounded = await run(refused, { permissionBounds: { readRoots: ["/other"], writeRoots: [], openNetworks: [] } });
  assertEquals([bounded.denials.length, bounded.denials[0]?.remedy], [1, undefined]);
  assertEquals((await run(echoProgram)).denials, []);
});

Deno.test("runProgram is held up by no reader once its program was told to end, and keeps what is left", async () => {
  const end = new AbortController();
  const { promise: taken } = Promise.withResolvers<void>();
  const output = () => ReadableStream.from([chunkOf("stdout", "a"), chunkOf("stdout", "b")]);
  const running = run(() => fakeProgram({ output: output() }), { signal: end.signal, onOutput: () => taken });
  setTimeout(() => end.abort(), 10);
  assertEquals((await running).stdout, "ab");
});

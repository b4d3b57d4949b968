import { assertEquals } from "@std/assert";
import type { OutputChunk, OutputReader, OutputStream } from "../../src/core/execution.ts";
import { type ChunkSource, mergeOutput } from "../../src/process/merge_output.ts";

const NEVER = new Promise<never>(() => {});

/** Longer than two looks at whether a read brings something. */
const LONG_IDLE_MS = 700;

/** A source that brings what the test hands it, and hangs as long as that is nothing. */
class FakeSource implements ChunkSource {
  readonly stream: OutputStream;
  reads = 0;
  cancels = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(stream: OutputStream, texts: readonly string[] = []) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({}, { highWaterMark: 1_000 });
    this.stream = stream;
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    for (const text of texts) this.give(text);
  }

  give(text: string): void {
    this.#writer.write(new TextEncoder().encode(text)).catch(() => {}); // Cancelled before it was read.
  }

  end(): void {
    this.#writer.close().catch(() => {}); // Cancelled before it was read.
  }

  fail(): void {
    this.#writer.abort(new Error("the pipe broke"));
  }

  async read(): Promise<Uint8Array | undefined> {
    this.reads++;
    return (await this.#reader.read()).value;
  }

  async cancel(): Promise<void> {
    this.cancels++;
    await this.#reader.cancel();
  }
}

/** The two pipes of a program and what is merged of them. */
function merge(sources: Partial<Record<OutputStream, readonly string[]>>, ended: Promise<unknown> = NEVER) {
  const stdout = new FakeSource("stdout", sources.stdout);
  const stderr = new FakeSource("stderr", sources.stderr);
  const reader = mergeOutput([stdout, stderr], ended).getReader();
  return { stdout, stderr, reader };
}

function show(chunk: OutputChunk | undefined): string | undefined {
  return chunk === undefined ? undefined : `${chunk.stream}:${new TextDecoder().decode(chunk.bytes)}`;
}

async function readNext(reader: OutputReader): Promise<string | undefined> {
  return show((await reader.read()).value);
}

async function readAll(reader: OutputReader): Promise<string[]> {
  const texts: string[] = [];
  for (let text = await readNext(reader); text !== undefined; text = await readNext(reader)) texts.push(text);
  return texts;
}

/** Lets everything happen that needs no more than the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await sleep(0);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Failures that nobody took while this is in scope; each would end the service. */
function watchUnhandled(): Disposable & { readonly failures: string[] } {
  const failures: string[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    failures.push(String(event.reason));
  };
  addEventListener("unhandledrejection", note);
  return { failures, [Symbol.dispose]: () => removeEventListener("unhandledrejection", note) };
}

Deno.test("mergeOutput() brings the chunks of both sources in the order in which they arrive", async () => {
  const { stdout, stderr, reader } = merge({});
  const expected: string[] = [];
  const seen: (string | undefined)[] = [];
  for (const [index, source] of [stdout, stderr, stderr, stdout, stderr, stdout, stdout].entries()) {
    source.give(String(index));
    expected.push(`${source.stream}:${index}`);
    seen.push(await readNext(reader));
  }
  assertEquals(seen, expected);
  await Promise.all([stdout.end(), stderr.end()]);
  assertEquals(await readNext(reader), undefined);
});

Deno.test("mergeOutput() keeps the order of what waits for a slow consumer", async () => {
  const { stdout, stderr, reader } = merge({});
  stderr.give("first");
  await settle();
  stdout.give("second");
  await settle();
  assertEquals([await readNext(reader), await readNext(reader)], ["stderr:first", "stdout:second"]);
  await Promise.all([stdout.end(), stderr.end()]);
  assertEquals(await readNext(reader), undefined);
});

Deno.test("mergeOutput() reads ahead one chunk a source and no more", async () => {
  const texts = Array.from({ length: 20 }, (_, index) => String(index));
  const { stdout, stderr, reader } = merge({ stdout: texts, stderr: texts });
  await settle();
  assertEquals([stdout.reads, stderr.reads], [1, 1]);
  for (let taken = 1; taken <= 12; taken++) {
    await readNext(reader);
    await settle();
    const ahead = stdout.reads + stderr.reads - taken;
    assertEquals([taken, ahead >= 1 && ahead <= 2], [taken, true]);
  }
  await Promise.all([stdout.end(), stderr.end()]);
  const rest = await readAll(reader);
  assertEquals(rest.length, 2 * texts.length - 12);
});

Deno.test("mergeOutput() reads on when a source brings empty chunks, and passes none of them on", async () => {
  const { stdout, stderr, reader } = merge({ stdout: ["", "", "a", ""], stderr: [""] });
  await Promise.all([stdout.end(), stderr.end()]);
  assertEquals(await readAll(reader), ["stdout:a"]);
});

Deno.test("mergeOutput() ends when both sources have ended, and not before", async () => {
  const { stdout, stderr, reader } = merge({ stdout: ["a"] });
  stdout.end();
  assertEquals(await readNext(reader), "stdout:a");
  await settle();
  stderr.give("b");
  assertEquals(await readNext(reader), "stderr:b");
  stderr.end();
  assertEquals([await readNext(reader), stdout.cancels, stderr.cancels], [undefined, 0, 0]);
});

Deno.test("mergeOutput() cancels both sources when it is cancelled while they wait for its consumer", async () => {
  using unhandled = watchUnhandled();
  const { stdout, stderr, reader } = merge({ stdout: ["a", "b"], stderr: ["c", "d"] });
  await settle();
  await reader.cancel();
  await settle();
  assertEquals([stdout.cancels, stderr.cancels, unhandled.failures], [1, 1, []]);
});

Deno.test("mergeOutput() cancels both sources when it is cancelled while they bring nothing", async () => {
  using unhandled = watchUnhandled();
  const { stdout, stderr, reader } = merge({});
  await settle();
  await reader.cancel();
  await settle();
  assertEquals([stdout.cancels, stderr.cancels, unhandled.failures], [1, 1, []]);
});

Deno.test("mergeOutput() leaves no timer behind when it is cancelled after the program has ended", async () => {
  const { stdout, stderr, reader } = merge({ stdout: ["a", "b"], stderr: ["c", "d"] }, Promise.resolve());
  await settle();
  await reader.cancel();
  assertEquals([stdout.cancels, stderr.cancels], [1, 1]);
});

Deno.test("mergeOutput() takes the failure of a source as its end", async () => {
  const { stdout, stderr, reader } = merge({ stdout: ["a"] });
  assertEquals(await readNext(reader), "stdout:a");
  stdout.fail();
  stderr.give("b");
  assertEquals(await readNext(reader), "stderr:b");
  stderr.end();
  assertEquals(await readNext(reader), undefined);
});

Deno.test("mergeOutput() cuts a source that hangs after the program has ended", async () => {
  const { stdout, stderr, reader } = merge({ stdout: ["a"] }, Promise.resolve());
  stdout.end();
  assertEquals(await readAll(reader), ["stdout:a"]);
  assertEquals(stderr.cancels, 1);
});

Deno.test("mergeOutput() cuts a source that hangs beside one that has failed", async () => {
  using unhandled = watchUnhandled();
  const { stdout, stderr, reader } = merge({}, Promise.resolve());
  stdout.fail();
  assertEquals(await readAll(reader), []);
  await settle();
  assertEquals([stderr.cancels, unhandled.failures], [1, []]);
});

Deno.test("mergeOutput() waits for a source as long as the program runs", async () => {
  const ended = Promise.withResolvers<void>();
  const { stdout, stderr, reader } = merge({}, ended.promise);
  await sleep(LONG_IDLE_MS);
  assertEquals([stdout.cancels, stderr.cancels], [0, 0]);
  ended.resolve();
  assertEquals(await readAll(reader), []);
  assertEquals([stdout.cancels, stderr.cancels], [1, 1]);
});

Deno.test("mergeOutput() cuts nothing while it is the consumer that is slow", async () => {
  const { stdout, stderr, reader } = merge({ stdout: ["a", "b", "c"], stderr: ["d"] }, Promise.resolve());
  stdout.end();
  stderr.end();
  await sleep(LONG_IDLE_MS);
  assertEquals([stdout.cancels, stderr.cancels], [0, 0]);
  assertEquals((await readAll(reader)).toSorted(), ["stderr:d", "stdout:a", "stdout:b", "stdout:c"]);
});

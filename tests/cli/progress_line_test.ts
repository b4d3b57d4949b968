import { assertEquals } from "@std/assert";
import { ProgressLine } from "../../src/cli/progress_line.ts";

const ERASE = "\r\x1b[2K";

/** A terminal of 40 columns, or a file, and the time. */
function create({ isTerminal }: { readonly isTerminal: boolean }) {
  const written: string[] = [];
  const time = { now: 0 };
  const output = {
    write: (bytes: Uint8Array) => Promise.resolve((written.push(new TextDecoder().decode(bytes)), bytes.length)),
    isTerminal: () => isTerminal,
  };
  const line = new ProgressLine(output, {
    signal: new AbortController().signal,
    columns: () => 40,
    now: () => time.now,
  });
  return { line, written, time, print: (text: string) => line.above(() => Promise.resolve(written.push(text))) };
}

Deno.test("ProgressLine rewrites one line of a terminal, and leaves none behind", async () => {
  const { line, written, time, print } = create({ isTerminal: true });
  {
    using first = line.begin("building a");
    time.now = 2_900;
    first.update("half\x1b[31m\r done");
    using _second = line.begin("building bbbbbbbb");
    await print("above\n");
  }
  await print("below\n");
  const both = `${ERASE}codebeaker: 2 s  building a: half [31m `;
  assertEquals(written, [`${ERASE}codebeaker: 0 s  building a`, both, ERASE, "above\n", both, ERASE, "below\n"]);
});

Deno.test("ProgressLine erases the line of tasks that are not over when it is disposed of", async () => {
  const { line, written } = create({ isTerminal: true });
  line.begin("building a");
  await line[Symbol.asyncDispose]();
  assertEquals(written, [`${ERASE}codebeaker: 0 s  building a`, ERASE]);
});

Deno.test("ProgressLine writes a line for each task where there is no terminal", async () => {
  const { line, written, print } = create({ isTerminal: false });
  {
    using task = line.begin("building a");
    task.update("half done");
    await print("above\n");
  }
  await print("below\n");
  assertEquals(written, ["codebeaker: building a\n", "above\n", "below\n"]);
});

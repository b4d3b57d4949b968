import { assertEquals } from "@std/assert";
import { runAtChanges } from "../../../src/cli/run/watch_file.ts";
import { replaceFile } from "../../support/replace_file.ts";
import { until } from "../../support/until.ts";

/** Watches a file of a directory; each run lasts until it is aborted, and leaves what it read. */
async function withWatched(
  test: (watched: { readonly path: string; readonly read: readonly string[]; stop(): void }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/main.ts`;
  await Deno.writeTextFile(path, "first");
  const stopped = new AbortController();
  const read: string[] = [];
  let running = 0;
  const watching = runAtChanges(path, async (signal) => {
    assertEquals(++running, 1);
    read.push(await Deno.readTextFile(path));
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    running--;
  }, { signal: stopped.signal });
  try {
    await until(() => Promise.resolve(read.length === 1), "the first run");
    await test({ path, read, stop: () => stopped.abort() });
  } finally {
    stopped.abort();
    await watching;
    assertEquals(running, 0);
    await Deno.remove(directory, { recursive: true });
  }
}

/** Changes a file where it is, in one step: a whole new text would be none for a moment. */
async function change(path: string): Promise<void> {
  await Deno.writeTextFile(path, ", changed", { append: true });
}

Deno.test("runAtChanges() ends a run at a change of the file, and runs again", () =>
  withWatched(async ({ path, read }) => {
    await change(path);
    await until(() => Promise.resolve(read.length === 2), "the second run");
    assertEquals(read, ["first", "first, changed"]);
  }));

Deno.test("runAtChanges() runs once for a file that is replaced, and not for others beside it", () =>
  withWatched(async ({ path, read }) => {
    await Deno.writeTextFile(`${path}.other`, "other");
    await Deno.remove(path);
    await replaceFile(path, "second");
    await until(() => Promise.resolve(read.length === 2), "the second run");
    await change(path);
    await until(() => Promise.resolve(read.length === 3), "the third run");
    assertEquals(read, ["first", "second", "second, changed"]);
  }));

Deno.test("runAtChanges() watches the file behind a symlink", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.mkdir(`${directory}/real`);
  await Deno.writeTextFile(`${directory}/real/main.ts`, "first");
  await Deno.symlink(`${directory}/real/main.ts`, `${directory}/link.ts`);
  const stopped = new AbortController();
  let runs = 0;
  const watching = runAtChanges(`${directory}/link.ts`, () => Promise.resolve(void runs++), {
    signal: stopped.signal,
  });
  await until(() => Promise.resolve(runs === 1), "the first run");
  await change(`${directory}/real/main.ts`);
  await until(() => Promise.resolve(runs === 2), "the second run");
  stopped.abort();
  await watching;
  await Deno.remove(directory, { recursive: true });
});

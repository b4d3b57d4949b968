import { basename, dirname } from "@std/path";
import { abortable } from "@std/async/abortable";

/** Time for a change to be complete. An editor may write a file in several steps. */
const SETTLE_MS = 50;

/**
 * Runs at once, and again at each change of a file, until `signal` aborts. A change during a run aborts that run, and
 * waits for its end. A file that is gone counts as changed when it exists again.
 */
export async function runAtChanges(
  path: string,
  run: (signal: AbortSignal) => Promise<void>,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  // Editors change the target of a symlink.
  const target = await Deno.realPath(path);
  using watcher = Deno.watchFs(dirname(target), { recursive: false });
  const changes = changesOf(target, { known: await fingerprint(target), watcher, signal });
  for (let isOver = false; !isOver;) {
    const attempt = new AbortController();
    const ended = run(AbortSignal.any([attempt.signal, signal]));
    const change = changes.next();
    isOver = (await change).done === true;
    attempt.abort();
    await ended;
  }
}

/** Yields at each change of a file's content or identity since its known fingerprint. */
async function* changesOf(
  path: string,
  { known, watcher, signal }: {
    known: string | undefined;
    readonly watcher: Deno.FsWatcher;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<void> {
  const events = watcher[Symbol.asyncIterator]();
  while (!signal.aborted) {
    const event = await abortable(events.next(), signal).catch(() => undefined);
    if (event === undefined || event.done) return;
    if (!event.value.paths.some((changed) => basename(changed) === basename(path))) continue;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const found = await fingerprint(path);
    if (found === undefined || found === known) continue;
    known = found;
    yield;
  }
}

/** A fingerprint that changes when a file is written or replaced; undefined without a file. */
async function fingerprint(path: string): Promise<string | undefined> {
  try {
    const { ino, mtime, size } = await Deno.stat(path);
    return `${ino} ${mtime?.getTime()} ${size}`;
  } catch {
    return undefined; // The file is gone for a moment while an editor replaces it.
  }
}
